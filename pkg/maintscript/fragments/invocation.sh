# Which start of a unit this is: tells afterwards whether it was restarted.
nodrop_invocation() { # UNIT
	nodrop_property=$(systemctl show --property=InvocationID "$1")
	echo "${nodrop_property#*=}"
}
