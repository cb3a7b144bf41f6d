# Directories of the package exist before anything of it runs. What cannot be set up in a container is no reason to fail.
if [ "$1" = configure ]; then
	if ! systemd-tmpfiles --create @TMPFILES@; then
		nodrop_warn @PACKAGE@ "systemd-tmpfiles had problems (see above)"
	fi
fi
