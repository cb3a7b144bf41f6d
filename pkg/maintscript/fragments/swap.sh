# Put the good version in place of the one that failed, with a word in its units for those who ask systemctl status.
nodrop_swap() {
	nodrop_good=$(cat "$nodrop_kept/version")
	# There is a copy already if the scripts of a next version ended before they took the good one away.
	{ [ -d "$nodrop_kept/bad" ] || nodrop_copy bad; } && : >"$nodrop_kept/fallen" || return
	# shellcheck disable=SC2043 # there may be one service
	for nodrop_unit in @SERVICES@; do
		mkdir -p "$nodrop_kept/good@UNITDIR@/$nodrop_unit.d"
		printf '[Unit]\nDescription=%s\n' \
			"$(systemctl show --value --property=Description "$nodrop_unit" | sed 's/%/%%/g; s/ (fallback to .*//') (fallback to $nodrop_good, as $(nodrop_version) failed)" \
			>"$nodrop_kept/good@UNITDIR@/$nodrop_unit.d/90-nodrop-fallback.conf"
	done
	nodrop_place good bad || return
	systemctl daemon-reload || : # says why; the files are in place
}
