# Take marks away, and with the last of them their directory.
nodrop_forget() { # MARK...
	for nodrop_mark; do
		rm -f "$nodrop_state.$nodrop_mark"
	done
	rmdir "${nodrop_state%/*}" 2>/dev/null || :
}
