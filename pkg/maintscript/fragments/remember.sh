# Leave a mark for the next script.
nodrop_remember() { # MARK, its text on standard input
	[ -d "${nodrop_state%/*}" ] || mkdir -m 0700 "${nodrop_state%/*}"
	cat >"$nodrop_state.$1"
}
