# A failure is told at once and counts at the end; what else is to be done is still done.
nodrop_failed=
nodrop_fail() {
	nodrop_failed=yes
}
