# A service goes back to the good version, if it is not the one that served all the time.
#   nodrop_touched  services that are not what they were before
#   nodrop_lost     sockets that have lost their address to the new version
#   nodrop_closed   sockets that stay down
nodrop_touched=
nodrop_lost=
nodrop_closed=
nodrop_return() { # overlap|restart NAME
	printf 'MESSAGE=%s\nPRIORITY=3\nSYSLOG_IDENTIFIER=@PACKAGE@\nOBJECT_SYSTEMD_UNIT=%s\n' "$nodrop_fallen" "$2.service" |
		logger --journald || :
	case " $nodrop_touched " in
	*" $2 "*) ;;
	*) return ;;
	esac
	nodrop_name=$2
	if [ -n "$nodrop_lost" ]; then
		# shellcheck disable=SC2086 # a list of unit names
		set -- nodrop_reopen "$2.service" $nodrop_lost
	elif [ "$1" = overlap ]; then
		set -- systemctl start "$2-rollout.service"
	else
		set -- systemctl restart "$2.service"
	fi
	if nodrop_without "$nodrop_closed" "$@"; then
		nodrop_warn "$nodrop_name" "$nodrop_name.service is $nodrop_good again"
	else
		nodrop_warn "$nodrop_name" "$nodrop_name.service did not come back as $nodrop_good; see: journalctl -u $nodrop_name"
	fi
}
