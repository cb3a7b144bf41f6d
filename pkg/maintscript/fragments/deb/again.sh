# Once more after a failure (dpkg --configure): the version that failed gets another try.
if [ "$1" = configure ]; then
	rm -f "$nodrop_kept/next"
	nodrop_unplace
fi
