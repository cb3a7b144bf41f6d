# Erasure: everything stops in one call, or a socket would start again what was just stopped. Only then is it disabled:
# systemd warns of a service that is, while its sockets are up. An upgrade stops nothing.
if [ "$1" -eq 0 ]; then
	if [ -d /run/systemd/system ]; then
		systemctl stop @STOP@ || nodrop_warn @PACKAGE@ "not everything stopped (see above)"
	fi
	systemctl --no-reload disable @DISABLE@ || nodrop_warn @PACKAGE@ "not everything was disabled (see above)"
fi
