# A unit starts at a first install, or as at one: it is new in this version. A new socket of a service that runs is that
# service's business.
nodrop_arrive() { # UNIT [SERVICE]
	if { [ "$nodrop_first" ] || { nodrop_fresh "$1" && nodrop_fresh "${2-$1}"; }; } && nodrop_enabled "$1"; then
		nodrop_start "$1"
	fi
}
