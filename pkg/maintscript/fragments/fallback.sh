# What failed does not stay: the good version takes its place, and services that had gone on to the new one go back.
# Not if that one binds its ports itself, which it cannot while systemd holds them (nodrop_migrated): there is no way back.
nodrop_migrated=
nodrop_fallback() {
	[ -z "$nodrop_migrated" ] || nodrop_release
	[ -d "$nodrop_kept/good" ] || return 0
	# shellcheck disable=SC2043 # there may be one unit
	for nodrop_unit in @UNITS@; do
		! nodrop_new "$nodrop_unit" || nodrop_depart "$nodrop_unit"
	done
	if ! nodrop_swap; then
		nodrop_warn @PACKAGE@ "could not put $nodrop_good back (see above)"
		return
	fi
	nodrop_fallen="fell back to $nodrop_good, whose files are in place until a version that works is installed"
	nodrop_warn @PACKAGE@ "$nodrop_fallen"
	:
	@RETURN@
	# Companions that the good version does not have are done.
	for nodrop_unit in @COMPANIONS@; do
		if [ "$(systemctl show --value --property=LoadState "$nodrop_unit")" = not-found ]; then
			systemctl stop "$nodrop_unit" 2>/dev/null || :
			systemctl reset-failed "$nodrop_unit" 2>/dev/null || :
		fi
	done
}
