# Users of the package exist before anything of it runs.
if [ "$1" = configure ]; then
	systemd-sysusers @SYSUSERS@
fi
