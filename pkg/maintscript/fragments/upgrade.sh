# Whether a service runs, or is meant to: one that the admin has stopped or masked is left alone. One that failed is not:
# the new version may be the cure. With main down, a standby may be serving since an upgrade that failed half-way.
nodrop_runs() { # NAME
	case $(systemctl is-enabled "$1.service" 2>/dev/null) in
	masked*) return 1 ;;
	esac
	case $(systemctl is-active "$1.service") in
	active | reloading | activating | failed) return 0 ;;
	esac
	nodrop_active "$1-standby.service"
}

# Enabled sockets that do not listen yet, because they came with this version or went down with a bad one, are started.
# nodrop_held are those that could not be: an older version of the service has bound the port itself.
nodrop_sockets() { # SOCKET...
	nodrop_held=
	for nodrop_unit; do
		if nodrop_enabled "$nodrop_unit" && ! nodrop_active "$nodrop_unit" &&
			nodrop_allowed start "$nodrop_unit" && ! systemctl start "$nodrop_unit" 2>/dev/null; then
			nodrop_held="$nodrop_held $nodrop_unit"
		fi
	done
}

# Bring the new version of a running service into use, by the strategy of its unit.
nodrop_upgrade() { # overlap|restart NAME SOCKET...
	nodrop_strategy=$1
	nodrop_name=$2
	shift 2
	nodrop_runs "$nodrop_name" || return 0
	nodrop_sockets "$@"
	nodrop_allowed restart "$nodrop_name.service" || return 0
	nodrop_begin=$(date +%s)
	nodrop_main=$(nodrop_invocation "$nodrop_name.service")
	if [ -n "$nodrop_held" ]; then
		# The service, named first, lets go of the port before systemd binds it; it gets the sockets when it starts again.
		# shellcheck disable=SC2086 # a list of unit names
		set -- restart "$nodrop_name.service" $nodrop_held
		nodrop_done="now $(nodrop_version); systemd holds the port from now on: this upgrade had a short gap, the next will have none"
	elif [ "$nodrop_strategy" = overlap ]; then
		set -- start "$nodrop_name-rollout.service"
		nodrop_done="rolled out $(nodrop_version) without dropping a connection"
	else
		set -- restart "$nodrop_name.service"
		nodrop_done="restarted, now $(nodrop_version)"
	fi
	if systemctl "$@"; then
		nodrop_say "$nodrop_name" "$nodrop_done ($(($(date +%s) - nodrop_begin)) s)"
	else
		nodrop_report "$nodrop_name"
		nodrop_fail
	fi
}
