# The version that is installed.
nodrop_version() {
	dpkg-query --show --showformat="\${Version}" @PACKAGE@
}
