# After a removal the links that enable the units stay, for a later install; a purge takes them too.
case "$1" in
remove | abort-install)
	nodrop_forget install stopped
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
		systemctl daemon-reload || :
	fi
	;;
esac
