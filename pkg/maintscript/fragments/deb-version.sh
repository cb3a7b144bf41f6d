# The version now installed, and how to get back to the one before.
nodrop_old=${2-}
nodrop_version() {
	dpkg-query --show --showformat="\${Version}" @PACKAGE@
}
nodrop_back() {
	echo "apt install @PACKAGE@=$nodrop_old"
}
