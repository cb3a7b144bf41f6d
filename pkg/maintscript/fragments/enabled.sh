# Whether a unit is enabled by presets or by the admin; "static" and the like are not meant.
nodrop_enabled() { # UNIT
	case $(systemctl is-enabled "$1" 2>/dev/null) in
	enabled | enabled-runtime) return 0 ;;
	esac
	return 1
}
