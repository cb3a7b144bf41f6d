# First install: what is enabled starts, sockets first. An upgrade only leaves a mark: the old version's scripts are still
# to run, so the rollout is for %posttrans.
if [ "$1" -eq 1 ]; then
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload
		# shellcheck disable=SC2043 # there may be one unit
		for nodrop_unit in @START@; do
			if nodrop_enabled "$nodrop_unit"; then
				nodrop_start "$nodrop_unit"
			fi
		done
	fi
elif [ -d /run/systemd/system ]; then
	nodrop_remember upgrade </dev/null
fi
