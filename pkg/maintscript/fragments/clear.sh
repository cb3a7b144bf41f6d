# Take away the files that only one of the kept versions has.
nodrop_clear() { # THIS OTHER, each good or bad
	nodrop_list "$1" | while IFS= read -r nodrop_file; do
		if ! nodrop_has "$2" "$nodrop_file" && ! nodrop_foreign "$nodrop_file"; then
			rm -f "$nodrop_file"
			rmdir "${nodrop_file%/*}" 2>/dev/null || :
		fi
	done
}

nodrop_list() { # good|bad
	(cd "$nodrop_kept/$1" && find . ! -type d) | sed 's/^\.//'
}

# A directory is not that file: where one version has a file, another may have a directory.
nodrop_has() { # good|bad FILE
	[ -f "$nodrop_kept/$1$2" ] || [ -L "$nodrop_kept/$1$2" ]
}
