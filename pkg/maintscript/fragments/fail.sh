# A failure is told at once and counts at the end; what else is to be done is still done.
nodrop_failed=
nodrop_fail() {
	# shellcheck disable=SC2034 # in rpm's %post nothing comes of it
	nodrop_failed=yes
}
