# Which start of a unit this is: tells afterwards whether it was restarted.
nodrop_invocation() { # UNIT
	nodrop_property=$(systemctl show --property=InvocationID "$1")
	echo "${nodrop_property#*=}"
}

# Whether what serves is what served before.
nodrop_untouched() { # NAME
	nodrop_active "$1.service" && [ "$(nodrop_invocation "$1.service")" = "$nodrop_main" ]
}
