# A service goes back to the good version, if it is not the one that served all the time.
#   nodrop_touched  services that are not what they were before
#   nodrop_lost     sockets that have lost their address to the new version
#   nodrop_closed   sockets that stay down
nodrop_touched=
nodrop_lost=
nodrop_closed=
nodrop_return() { # overlap|restart NAME SOCKET...
	nodrop_strategy=$1
	nodrop_name=$2
	shift 2
	printf 'MESSAGE=%s\nPRIORITY=3\nSYSLOG_IDENTIFIER=@PACKAGE@\nOBJECT_SYSTEMD_UNIT=%s\n' "$nodrop_fallen" "$nodrop_name.service" |
		logger --journald || :
	nodrop_within "$nodrop_name" "$nodrop_touched" || return 0
	nodrop_moved=
	for nodrop_unit; do
		! nodrop_within "$nodrop_unit" "$nodrop_lost" || nodrop_moved="$nodrop_moved $nodrop_unit"
	done
	if [ "$nodrop_strategy" = overlap ] && [ -z "$nodrop_moved" ]; then
		set -- nodrop_roll "$nodrop_name"
	else
		# shellcheck disable=SC2086 # a list of unit names
		set -- nodrop_reopen "$nodrop_name.service" $nodrop_moved
	fi
	if nodrop_without "$nodrop_closed" "$@"; then
		nodrop_warn "$nodrop_name" "$nodrop_name.service is $nodrop_good again"
	else
		nodrop_warn "$nodrop_name" "$nodrop_name.service did not come back as $nodrop_good; see: journalctl -u $nodrop_name"
	fi
}

# Roll out the good version. One that was not made for it has no rollout unit.
# shellcheck disable=SC2317 # it is called by way of nodrop_without
nodrop_roll() { # NAME
	if [ "$(systemctl show --value --property=LoadState "$1-rollout.service")" = loaded ]; then
		nodrop_ask start "$1-rollout.service"
	else
		nodrop_ask restart "$1.service" && { ! nodrop_active "$1-standby.service" || systemctl stop "$1-standby.service"; }
	fi
}

nodrop_within() { # WORD LIST
	case " $2 " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}
