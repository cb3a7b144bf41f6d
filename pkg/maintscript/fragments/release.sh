# The version now installed serves: the one that was kept is no longer needed.
nodrop_release() {
	rm -rf "$nodrop_kept"
	rmdir "${nodrop_kept%/*}" 2>/dev/null || :
}
