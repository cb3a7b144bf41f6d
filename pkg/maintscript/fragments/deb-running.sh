# No systemd is running (a chroot, an image being built): there is nothing to start, reload or stop.
if [ ! -d /run/systemd/system ]; then
	exit 0
fi
systemctl daemon-reload || :
