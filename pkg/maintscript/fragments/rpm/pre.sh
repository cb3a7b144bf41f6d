# The version that serves is kept, for the case that the new one does not work. And a mark for %posttrans: only now can be seen
# which units the old version had, and which of them are stopped. Not if the package's own script has just refused.
if [ "${nodrop_status:-0}" -eq 0 ] && [ "$1" -gt 1 ] && [ -d /run/systemd/system ]; then
	# shellcheck disable=SC2043 # there may be one unit
	for nodrop_unit in @UNITS@; do
		nodrop_look "$nodrop_unit"
	done | nodrop_remember before || exit 1 # nothing is unpacked then
	[ -e "$nodrop_kept/fallen" ] || nodrop_release # left by a transaction that never came to its end
	nodrop_keep "$(nodrop_version)"
fi
