# Erasure: everything is disabled and stops in one call, or a socket would start again what was just stopped. An upgrade
# stops nothing.
if [ "$1" -eq 0 ]; then
	nodrop_now=
	if [ -d /run/systemd/system ]; then
		nodrop_now=yes
	fi
	systemctl --no-reload disable ${nodrop_now:+--now} @STOP@ ||
		nodrop_warn @PACKAGE@ "not everything was disabled and stopped (see above)"
fi
