# The files of the package as rpm knows them.
nodrop_files() {
	rpm --query --list @PACKAGE@
}
