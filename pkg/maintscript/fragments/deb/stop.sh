# Removal: everything stops in one call, or a socket would start again what was just stopped. What ran is remembered, in case
# the removal is called off. An upgrade stops nothing: with the socket open, the next connection would start the old version.
# Nor does a deconfiguration, which is a step of somebody else's upgrade.
case "$1" in
remove)
	if [ -d /run/systemd/system ]; then
		# shellcheck disable=SC2043 # there may be one unit
		for nodrop_unit in @UNITS@; do
			if nodrop_active "$nodrop_unit"; then
				echo "$nodrop_unit"
			fi
		done | nodrop_remember stopped
		nodrop_stop=
		# shellcheck disable=SC2043 # there may be one unit
		for nodrop_unit in @STOP@; do
			if nodrop_allowed stop "$nodrop_unit"; then
				nodrop_stop="$nodrop_stop $nodrop_unit"
			fi
		done
		# shellcheck disable=SC2086 # a list of unit names
		if [ -n "$nodrop_stop" ] && ! systemctl stop $nodrop_stop; then
			nodrop_warn @PACKAGE@ "not everything stopped (see above)"
			exit 1
		fi
	fi
	;;
esac
