# The package's own @KEY@, in a shell of its own. If it fails, so does this script, except where dpkg is on its
# way back from a failure (abort-*); and a version that cannot be set up does not stay.
set +e
(
:
@SCRIPT@
)
nodrop_status=$?
set -e
if [ "$nodrop_status" -ne 0 ]; then
	nodrop_warn @PACKAGE@ "@KEY@ failed with status $nodrop_status"
	case "$1" in
	abort-*) ;;
	*)
		@FALLBACK@
		exit "$nodrop_status"
		;;
	esac
fi
