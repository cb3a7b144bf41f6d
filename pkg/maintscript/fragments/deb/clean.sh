# Main and standby kept their runtime directory for each other; with both gone, it goes too.
case "$1" in
remove)
	if [ -d /run/systemd/system ] && ! systemctl clean --what=runtime @CLEAN@; then
		nodrop_warn @PACKAGE@ "could not remove the runtime directory"
	fi
	;;
esac
