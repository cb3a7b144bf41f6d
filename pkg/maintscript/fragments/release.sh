# The version now installed serves: the one that was kept is no longer needed.
nodrop_gone=${nodrop_kept%/*}/.@PACKAGE@
nodrop_release() {
	[ ! -d "$nodrop_kept" ] || mv "$nodrop_kept" "$nodrop_gone" # at once: half a copy would be taken for a whole one
	rm -rf "$nodrop_gone"
	rmdir "${nodrop_kept%/*}" 2>/dev/null || :
}
