# After a removal the links that enable the units stay, for a later install; a purge takes them too.
#
# Behind an upgrade that is called off the old version is there again, whole. If that is one that had failed, the good one takes
# its place. A next version that knows nothing of a good one is what there is now.
case "$1" in
upgrade)
	if [ -e "$nodrop_kept/next" ]; then
		rm -f "$nodrop_kept/next"
	else
		nodrop_forget install before stopped
		# shellcheck disable=SC2043 # there may be one service
		for nodrop_unit in @SERVICES@; do
			rm -f "@UNITDIR@/$nodrop_unit.d/90-nodrop-fallback.conf"
		done
		nodrop_release
	fi
	;;
abort-upgrade)
	nodrop_forget install before stopped
	if [ ! -e "$nodrop_kept/fallen" ]; then
		nodrop_release
	elif ! nodrop_swap; then
		nodrop_warn @PACKAGE@ "could not put $nodrop_good back (see above)"
	fi
	;;
abort-*)
	nodrop_forget install before stopped
	;;
remove)
	nodrop_forget install before stopped
	nodrop_vanish
	;;
purge)
	if command -v deb-systemd-helper >/dev/null; then
		deb-systemd-helper purge @INSTALL@ >/dev/null || :
		deb-systemd-helper unmask @INSTALL@ >/dev/null || :
	fi
	;;
esac
case "$1" in
remove | purge)
	if [ -d /run/systemd/system ]; then
		# Units that failed would be listed until a reboot; those that did not are none of systemd's concern any more.
		systemctl reset-failed @STOP@ 2>/dev/null || :
		systemctl daemon-reload || :
	fi
	;;
esac
