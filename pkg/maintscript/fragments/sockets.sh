# Sort the sockets of a running service, and start those that came with this version or went down with a bad one.
#   nodrop_off    stay down: they were there and down before the upgrade, or are disabled or masked
#   nodrop_down   those of them that are not masked
#   nodrop_held   could not be started while the service runs: it was not given them, or has bound their port itself
#   nodrop_open   listen, as they did before
#   nodrop_moved  have another address now, which systemd does not bind while they are open
nodrop_sockets() { # SOCKET...
	nodrop_off=
	nodrop_down=
	nodrop_held=
	nodrop_open=
	nodrop_moved=
	for nodrop_unit; do
		nodrop_was=$(nodrop_before "$nodrop_unit")
		case "$nodrop_was/$(systemctl is-active "$nodrop_unit")/$(systemctl is-enabled "$nodrop_unit" 2>/dev/null)" in
		*/masked*) nodrop_off="$nodrop_off $nodrop_unit" ;;
		*" loaded active "*/active/*)
			if nodrop_gained; then
				nodrop_moved="$nodrop_moved $nodrop_unit"
			else
				nodrop_open="$nodrop_open $nodrop_unit"
			fi
			;;
		*/active/*) nodrop_open="$nodrop_open $nodrop_unit" ;;
		*" not-found "*) nodrop_listen "$nodrop_unit" ;;
		*" interrupted"/*/enabled*) nodrop_listen "$nodrop_unit" ;;
		*" loaded inactive"*/*/* | */disabled)
			nodrop_off="$nodrop_off $nodrop_unit"
			nodrop_down="$nodrop_down $nodrop_unit"
			;;
		*/enabled*) nodrop_listen "$nodrop_unit" ;;
		esac
	done
}

# Whether $nodrop_unit has an address that it did not have. One that it has no more systemd has let go of already, and only that.
nodrop_gained() {
	for nodrop_word in $(nodrop_look "$nodrop_unit"); do
		case " $nodrop_was " in
		*" $nodrop_word "*) ;;
		*) return 0 ;;
		esac
	done
	return 1
}

nodrop_listen() { # SOCKET
	if nodrop_allowed start "$1" && ! systemctl start "$1" 2>/dev/null; then
		nodrop_held="$nodrop_held $1"
	fi
}
