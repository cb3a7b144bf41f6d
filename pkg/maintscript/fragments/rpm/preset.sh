# First install: presets decide what is enabled. They are asked once, so the admin's word stands later.
if [ "$1" -eq 1 ]; then
	systemctl --no-reload preset @INSTALL@ || nodrop_warn @PACKAGE@ "systemctl preset failed (see above)"
fi
