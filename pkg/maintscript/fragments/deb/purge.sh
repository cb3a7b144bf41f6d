# A purge takes what the package's services have kept (StateDirectory= and its like), unless another package ships it as well.
if [ "$1" = purge ]; then
	for nodrop_path in @KEPT@; do
		if ! nodrop_foreign "$nodrop_path"; then
			rm -rf "$nodrop_path"
		fi
	done
fi
