# After a removal the links that enable the units stay, for a later install; a purge takes them too.
case "$1" in
remove | abort-*)
	nodrop_forget install before stopped
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
