# The version that is installed.
nodrop_version() {
	rpm --query --queryformat='%{VERSION}-%{RELEASE}\n' @PACKAGE@ | tail -n 1
}
