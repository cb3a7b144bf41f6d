# Once more the version that failed, in place of the good one: the package manager knows its files, not those.
nodrop_unplace() {
	if [ -d "$nodrop_kept/bad" ]; then
		nodrop_place bad good
		mv "$nodrop_kept/bad" "$nodrop_kept/new" # at once: what is half away would be taken for a version without the rest
		rm -rf "$nodrop_kept/new"
	fi
}
