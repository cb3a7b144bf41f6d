# A purge takes what the package's services have kept (StateDirectory= and its like), unless another package ships it as well.
if [ "$1" = purge ]; then
	for nodrop_path in @KEPT@; do
		if ! dpkg-query --search "$nodrop_path" 2>/dev/null | grep -qv "^@PACKAGE@: "; then
			rm -rf "$nodrop_path"
		fi
	done
fi
