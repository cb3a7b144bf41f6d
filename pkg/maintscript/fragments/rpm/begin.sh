# First install: what is enabled starts, sockets first. In an upgrade the old version's scripts are still to run, so the
# rollout is for %posttrans.
if [ "$1" -eq 1 ] && [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	# shellcheck disable=SC2043 # there may be one unit
	for nodrop_unit in @INSTALL@; do
		if nodrop_enabled "$nodrop_unit"; then
			nodrop_start "$nodrop_unit"
		fi
	done
fi
