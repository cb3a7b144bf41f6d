# First install, which an install after a removal without purge is too (preinst has left a mark): start what is enabled,
# sockets first. Any other time is an upgrade, also when the version is the same or older: what is new in it starts likewise,
# but a new socket of a service that runs is that service's business.
nodrop_arrive() { # UNIT [SERVICE]
	if { [ "$nodrop_first" ] || { nodrop_fresh "$1" && nodrop_fresh "${2-$1}"; }; } && nodrop_enabled "$1"; then
		nodrop_start "$1"
	fi
}
if [ "$1" = configure ] && [ -z "$nodrop_restored$nodrop_broken" ]; then
	nodrop_first=
	if [ -z "${2-}" ] || [ -e "$nodrop_state.install" ]; then
		nodrop_first=yes
	fi
	:
	@ARRIVE@
	if [ -z "$nodrop_first" ]; then
		:
		@UPGRADE@
	fi
fi
