# Run a command while the sockets that are to stay down are masked: the service's units want them, and would bring them up.
nodrop_without() { # SOCKETS COMMAND...
	nodrop_masked=$1
	shift
	# shellcheck disable=SC2086 # a list of unit names
	[ -z "$nodrop_masked" ] || systemctl --quiet --runtime mask $nodrop_masked
	nodrop_result=0
	"$@" || nodrop_result=$?
	# shellcheck disable=SC2086 # a list of unit names
	[ -z "$nodrop_masked" ] || systemctl --quiet --runtime unmask $nodrop_masked
	return "$nodrop_result"
}
