# Leave a mark for the next script. Half a mark, on a disk that is full, would be taken for a whole one.
nodrop_remember() { # MARK, its text on standard input
	[ -d "${nodrop_state%/*}" ] || mkdir -m 0700 "${nodrop_state%/*}"
	if ! cat >"$nodrop_state.new" || ! mv "$nodrop_state.new" "$nodrop_state.$1"; then
		rm -f "$nodrop_state.new"
		nodrop_warn @PACKAGE@ "could not write $nodrop_state.$1 (see above), so nothing was touched"
		return 1
	fi
}
