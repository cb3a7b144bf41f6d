# Whoever builds an image forbids starts by policy-rc.d(8). It is asked for every action on its own: deb-systemd-invoke
# skips all units of a call for a single "no", and refuses static units such as the rollout.
nodrop_allowed() { # ACTION UNIT
	nodrop_policy=/usr/sbin/policy-rc.d
	[ -x "$nodrop_policy" ] || return 0
	nodrop_answer=0
	"$nodrop_policy" "$2" "$1" || nodrop_answer=$?
	[ "$nodrop_answer" -eq 101 ] || return 0
	nodrop_say @PACKAGE@ "not done, policy-rc.d forbids it: $1 $2"
	return 1
}
