# Once more the version that failed, in place of the good one: the package manager knows its files, not those.
nodrop_unplace() {
	if [ -d "$nodrop_kept/bad" ]; then
		nodrop_place bad good
		rm -rf "$nodrop_kept/bad"
	fi
}
