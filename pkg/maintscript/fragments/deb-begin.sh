# First install, which an install after a removal without purge is too (preinst has left a mark): start what is enabled,
# sockets first. Any other time is an upgrade, also when the version is the same or older.
if [ "$1" = configure ] && [ -z "$nodrop_restored" ]; then
	if [ -z "${2-}" ] || [ -e "$nodrop_state.install" ]; then
		# shellcheck disable=SC2043 # there may be one unit
		for nodrop_unit in @START@; do
			if nodrop_enabled "$nodrop_unit"; then
				nodrop_start "$nodrop_unit"
			fi
		done
	else
		:
		@UPGRADE@
	fi
fi
