# The package is replaced and the old version's scripts have run: now the running services follow.
if [ -e "$nodrop_state.upgrade" ]; then
	nodrop_forget upgrade
	systemctl daemon-reload
	@UPGRADE@
fi
