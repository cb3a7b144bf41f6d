# Before another version is unpacked: keep the one that serves. What fell back once is kept already; the files that the
# package manager knows go back to their places, for it to replace.
nodrop_keep() { # VERSION
	nodrop_unplace
	if [ -d "$nodrop_kept/good" ] || ! nodrop_serves; then
		return 0
	fi
	mkdir -p "$nodrop_kept"
	chmod 0700 "$nodrop_kept"
	if ! echo "$1" >"$nodrop_kept/version" || ! nodrop_copy good; then
		nodrop_warn @PACKAGE@ "could not keep a copy of $1 (see above): there is no way back if the new version does not work"
		nodrop_release
	fi
}

nodrop_serves() {
	# shellcheck disable=SC2043 # there may be one service
	for nodrop_unit in @SERVICES@; do
		case $(systemctl is-active "$nodrop_unit") in
		active | reloading) return 0 ;;
		esac
	done
	return 1
}
