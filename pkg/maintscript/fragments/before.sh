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

# Whether a unit is to be started as at a first install: it is new, or the old version's package had stopped it to upgrade.
nodrop_fresh() { # UNIT
	case $(nodrop_before "$1") in
	*" interrupted") return 0 ;;
	esac
	nodrop_new "$1"
}
