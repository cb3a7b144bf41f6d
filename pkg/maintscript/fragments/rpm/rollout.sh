# The package is replaced and the old version's scripts have run: now the running services follow.
if [ -e "$nodrop_state.before" ]; then
	nodrop_reload
	if [ -z "$nodrop_broken" ]; then
		:
		@ARRIVE@
		@UPGRADE@
	fi
	if [ -n "$nodrop_failed" ]; then
		nodrop_fallback
	else
		nodrop_release
	fi
	nodrop_forget before
fi
