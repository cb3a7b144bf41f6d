# Whether a file belongs to another package. dpkg knows it by the name under which it was packed, with /usr or without.
nodrop_foreign() { # FILE
	dpkg-query --search "$1" "/usr$1" "${1#/usr}" 2>/dev/null | grep -qv "^@PACKAGE@\(:[^ ]*\)\{0,1\}: "
}
