# Whether a file belongs to another package.
nodrop_foreign() { # FILE
	dpkg-query --search "$1" 2>/dev/null | grep -qv "^@PACKAGE@: "
}
