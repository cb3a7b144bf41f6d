# How to get back to the version before.
nodrop_old=${2-}
nodrop_back() {
	echo "apt install @PACKAGE@=$nodrop_old"
}
