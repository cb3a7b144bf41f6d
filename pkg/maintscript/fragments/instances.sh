# Instances of a template that run are restarted one by one; it is not known how they are to run beside each other.
# They go back to the good version if they were.
nodrop_instances() { # STEM, with its "@"
	for nodrop_unit in $(systemctl list-units --plain --no-legend --state=active,activating,failed "$1*.service" | cut -d " " -f 1); do
		nodrop_allowed restart "$nodrop_unit" || continue
		nodrop_touched="$nodrop_touched $1"
		if nodrop_ask restart "$nodrop_unit"; then
			nodrop_say @PACKAGE@ "restarted $nodrop_unit"
		else
			nodrop_warn @PACKAGE@ "$nodrop_unit did not start again; see: journalctl -u $nodrop_unit"
			nodrop_fail
		fi
	done
}
