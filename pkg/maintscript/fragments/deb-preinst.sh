# Only here does dpkg tell an install after a removal without purge ("install OLD") from an upgrade: leave a mark for postinst.
if [ "$1" = install ] && [ -n "${2-}" ] && [ -d /run/systemd/system ]; then
	nodrop_remember install </dev/null
fi
