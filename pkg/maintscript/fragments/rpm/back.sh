# How to get back to the version before.
nodrop_back() {
	echo "dnf downgrade @PACKAGE@"
}
