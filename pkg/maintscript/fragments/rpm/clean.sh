# Main and standby kept their runtime directory for each other; with both gone, it goes too.
if [ "$1" -eq 0 ] && [ -d /run/systemd/system ]; then
	systemctl clean --what=runtime @CLEAN@ || nodrop_warn @PACKAGE@ "could not remove the runtime directory"
fi
