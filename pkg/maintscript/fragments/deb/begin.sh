# First install, which an install after a removal without purge is too (preinst has left a mark): start what is enabled,
# sockets first. Any other time is an upgrade, also when the version is the same or older.
if [ "$1" = configure ] && [ -z "$nodrop_restored$nodrop_broken" ]; then
	nodrop_first=
	if [ -z "${2-}" ] || [ -e "$nodrop_state.install" ]; then
		nodrop_first=yes
	fi
	:
	@ARRIVE@
	if [ -z "$nodrop_first" ]; then
		:
		@UPGRADE@
	fi
fi
