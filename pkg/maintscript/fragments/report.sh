# An upgrade that failed: what happened, who serves now, why, and what to do.
nodrop_report() { # NAME
	nodrop_warn "$1" "the upgrade to $(nodrop_version) FAILED"
	if nodrop_untouched "$1"; then
		nodrop_warn "$1" "the new version did not get ready; the old one was not touched and serves on"
	elif nodrop_active "$1.service"; then
		nodrop_warn "$1" "the new version serves, but $1-standby.service did not stop as it should"
	elif nodrop_active "$1-standby.service"; then
		nodrop_warn "$1" "$1.service did not start again; $1-standby.service serves in its place"
	else
		nodrop_warn "$1" "nothing serves now"
	fi
	journalctl --no-pager --quiet --lines=20 --since="@$nodrop_begin" \
		--unit="$1.service" --unit="$1-standby.service" >&2 || :
	if [ -n "$nodrop_off" ]; then
		nodrop_warn "$1" "these sockets are stopped, disabled or masked, and stay so; does it need them?$nodrop_off"
	fi
	nodrop_warn "$1" "more: journalctl -u $1 -u $1-standby -u $1-rollout"
	nodrop_warn "$1" "then install a fixed version, or the old one: $(nodrop_back)"
}
