# The version now installed, and how to get back to the one before.
nodrop_version() {
	rpm --query --queryformat='%{VERSION}-%{RELEASE}\n' @PACKAGE@ | tail -n 1
}
nodrop_back() {
	echo "dnf downgrade @PACKAGE@"
}
