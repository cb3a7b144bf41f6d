# No systemd is running (a chroot, an image being built): there is nothing to start, reload or stop.
if [ ! -d /run/systemd/system ]; then
	[ "$1" != configure ] || nodrop_release
	exit 0
fi
nodrop_reload
