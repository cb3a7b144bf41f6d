# The package is replaced and the old version's scripts have run: now the running services follow.
if [ -e "$nodrop_state.before" ]; then
	systemctl daemon-reload
	@ARRIVE@
	@UPGRADE@
	nodrop_forget before
fi
