# The files of the package as dpkg knows them.
nodrop_files() {
	dpkg-query --listfiles @PACKAGE@
}
