# Once more after a failure (dpkg --configure): the version that failed gets another try.
if [ "$1" = configure ]; then
	nodrop_unplace
fi
