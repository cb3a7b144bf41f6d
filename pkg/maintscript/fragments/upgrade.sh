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

# A service that does not run has nothing to roll out. If its sockets listen, they still follow the new version.
nodrop_idle() { # NAME SOCKET...
	nodrop_name=$1
	shift
	case $(systemctl is-enabled "$nodrop_name.service" 2>/dev/null) in
	masked*)
		nodrop_say "$nodrop_name" "$nodrop_name.service is masked, and was left alone"
		return
		;;
	esac
	for nodrop_unit; do
		if nodrop_active "$nodrop_unit"; then
			nodrop_sockets "$@"
			# shellcheck disable=SC2086 # a list of unit names
			[ -z "$nodrop_moved" ] || { systemctl stop $nodrop_moved && systemctl start $nodrop_moved; } || nodrop_fail
			nodrop_say "$nodrop_name" "$nodrop_name.service was not running; it starts as $(nodrop_version) when somebody connects"
			return
		fi
	done
	nodrop_say "$nodrop_name" "$nodrop_name.service was not running, and was left so"
}

# Bring the new version of a running service into use, by the strategy of its unit.
nodrop_upgrade() { # overlap|restart NAME SOCKET...
	nodrop_strategy=$1
	nodrop_name=$2
	shift 2
	if nodrop_fresh "$nodrop_name.service"; then
		! nodrop_active "$nodrop_name.service" || nodrop_say "$nodrop_name" "started $(nodrop_version)"
		return
	fi
	if ! nodrop_runs "$nodrop_name"; then
		nodrop_idle "$nodrop_name" "$@"
		return
	fi
	nodrop_sockets "$@"
	nodrop_allowed restart "$nodrop_name.service" || return 0
	nodrop_begin=$(date +%s)
	nodrop_main=$(nodrop_invocation "$nodrop_name.service")
	nodrop_lost="$nodrop_lost$nodrop_moved"
	nodrop_closed="$nodrop_closed$nodrop_down"
	if [ -n "$nodrop_held$nodrop_moved" ]; then
		# shellcheck disable=SC2086 # a list of unit names
		set -- nodrop_reopen "$nodrop_name.service" $nodrop_moved
		nodrop_done="now $(nodrop_version), after a short gap"
		if [ -n "$nodrop_moved" ]; then
			nodrop_done="$nodrop_done; new address:$nodrop_moved"
		elif [ -n "$nodrop_open" ]; then
			nodrop_done="restarted, now $(nodrop_version); new:$nodrop_held"
		else
			nodrop_done="$nodrop_done; systemd holds the port from now on, so the next upgrade will have none"
			nodrop_migrated=yes
		fi
	elif [ "$nodrop_strategy" = overlap ]; then
		set -- nodrop_ask start "$nodrop_name-rollout.service"
		nodrop_done="rolled out $(nodrop_version) without dropping a connection"
	else
		set -- nodrop_ask restart "$nodrop_name.service"
		nodrop_done="restarted, now $(nodrop_version)"
	fi
	if nodrop_without "$nodrop_down" "$@"; then
		nodrop_say "$nodrop_name" "$nodrop_done ($(($(date +%s) - nodrop_begin)) s)"
	else
		nodrop_report "$nodrop_name"
		nodrop_fail
	fi
	if ! nodrop_untouched "$nodrop_name"; then
		nodrop_touched="$nodrop_touched $nodrop_name"
	fi
}
