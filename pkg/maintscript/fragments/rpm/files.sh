# The files of the package as rpm knows them, without its configuration, which is the admin's wherever it is.
nodrop_files() {
	rpm --query --list @PACKAGE@ | grep -Fvx "$(rpm --query --configfiles @PACKAGE@)"
}
