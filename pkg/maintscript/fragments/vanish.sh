# The package is gone, and with it the files of the version that failed: those of the good one, in their places, go too.
nodrop_vanish() {
	[ ! -d "$nodrop_kept/bad" ] || nodrop_clear good bad
	nodrop_release
}
