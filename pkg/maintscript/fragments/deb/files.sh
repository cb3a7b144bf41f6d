# The files of the package as dpkg knows them, without its conffiles, which are the admin's wherever they are.
nodrop_files() {
	dpkg-query --listfiles @PACKAGE@ | grep -Fvx "$(dpkg-query --show --showformat="\${Conffiles}\n" @PACKAGE@ | cut -d " " -f 2)"
}
