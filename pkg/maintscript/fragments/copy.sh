# Copy the files that are installed, but for directories and for what is the admin's. All or nothing.
nodrop_copy() { # good|bad
	rm -rf "$nodrop_kept/new"
	mkdir -p "$nodrop_kept/new"
	nodrop_files | while IFS= read -r nodrop_file; do
		case $nodrop_file in
		/etc/*) ;;
		/*)
			# A link may be a directory of the package's, such as /lib, which is everybody's. cp --parents follows no links.
			if [ -L "$nodrop_file" ] && ! nodrop_foreign "$nodrop_file" || [ -f "$nodrop_file" ] && [ ! -L "$nodrop_file" ]; then
				printf '.%s/%s\0' "$(cd -P "${nodrop_file%/*}/" && pwd -P)" "${nodrop_file##*/}"
			fi
			;;
		esac
	done | (cd / && xargs -0 -r cp --archive --parents --target-directory="$nodrop_kept/new") &&
		[ -n "$(ls "$nodrop_kept/new")" ] && # no list of files is no version to go back to
		mv "$nodrop_kept/new" "$nodrop_kept/$1" && return
	rm -rf "$nodrop_kept/new"
	return 1
}
