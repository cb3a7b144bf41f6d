# Put the files of one kept version in place, and those away that only the other one has. What belongs to another package by
# now is left alone. A file's new name may lie where somebody else can write: what is in wait there is removed, not followed.
nodrop_place() { # THIS OTHER, each good or bad
	nodrop_clear "$2" "$1"
	nodrop_list "$1" | while IFS= read -r nodrop_file; do
		if nodrop_has "$2" "$nodrop_file" || ! nodrop_foreign "$nodrop_file"; then
			mkdir -p "${nodrop_file%/*}"
			if ! cp --archive --remove-destination --no-target-directory "$nodrop_kept/$1$nodrop_file" "$nodrop_file.nodrop-new" ||
				! mv -fT "$nodrop_file.nodrop-new" "$nodrop_file"; then
				rm -f "$nodrop_file.nodrop-new"
				exit 1
			fi
		fi
	done
}
