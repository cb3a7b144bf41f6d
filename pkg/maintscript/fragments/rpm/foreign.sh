# Whether a file belongs to another package.
nodrop_foreign() { # FILE
	nodrop_owner=$(rpm --query --queryformat="%{NAME}\n" --file "$1") && echo "$nodrop_owner" | grep -qvx @PACKAGE@
}
