# How a unit was before this version was unpacked, as a mark tells; empty when nobody knows.
nodrop_before() { # UNIT
	[ ! -e "$nodrop_state.before" ] || grep "^$1 " "$nodrop_state.before" || :
}

# Whether a unit came with this version.
nodrop_new() { # UNIT
	case $(nodrop_before "$1") in
	*" not-found "*) return 0 ;;
	esac
	return 1
}
