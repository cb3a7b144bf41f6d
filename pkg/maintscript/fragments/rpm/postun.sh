# With the package goes what was kept.
if [ "$1" -eq 0 ]; then
	nodrop_vanish
fi

# systemd forgets the units that are gone. Those that failed would be listed until a reboot.
if [ -d /run/systemd/system ]; then
	if [ "$1" -eq 0 ]; then
		systemctl reset-failed @STOP@ 2>/dev/null || :
		nodrop_forget before
	fi
	systemctl daemon-reload
fi
