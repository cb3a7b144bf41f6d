# Marks for postinst. Only here does dpkg tell an install after a removal without purge ("install OLD") from an upgrade, and
# only now can be seen which units the old version had, and which of them are stopped. An upgrade that is tried again after a
# failure goes on from the first mark. The version that serves is kept, for the case that the new one does not.
#
# Many packages stop their service before an upgrade, in prerm: what has stopped since dpkg began was not stopped by the admin.
nodrop_since() { # UNIT
	case $(nodrop_look "$1") in
	*" loaded inactive"*) ;;
	*) return 0 ;;
	esac
	nodrop_stopped=$(systemctl show --value --property=InactiveEnterTimestampMonotonic "$1") # in microseconds
	nodrop_began=$(cut -d " " -f 22 "/proc/$PPID/stat")                                      # in 1/100 s, cut off; see proc(5)
	if [ "${nodrop_stopped:-0}" -gt "$((nodrop_began + 1))0000" ]; then
		echo interrupted
	fi
}
if [ -d /run/systemd/system ]; then
	if [ "$1" = install ] && [ -n "${2-}" ]; then
		nodrop_remember install </dev/null
	elif [ "$1" = upgrade ] && [ ! -e "$nodrop_state.before" ]; then
		# shellcheck disable=SC2043 # there may be one unit
		for nodrop_unit in @UNITS@; do
			echo "$(nodrop_look "$nodrop_unit")$(nodrop_since "$nodrop_unit" | sed 's/^/ /')"
		done | nodrop_remember before
	fi
	if [ "$1" = upgrade ]; then # after the marks: by then units of a version that failed may be there again
		nodrop_keep "$2"
		[ ! -d "$nodrop_kept/good" ] || : >"$nodrop_kept/next"
	fi
fi
