# Whether a unit is to be started as at a first install: it is new, or the old version's package had stopped it to upgrade.
nodrop_fresh() { # UNIT
	case $(nodrop_before "$1") in
	*" interrupted") return 0 ;;
	esac
	nodrop_new "$1"
}
