# The package's own @KEY@, in a shell of its own. If it fails, the rest is still done, and its status is ours.
(
:
@SCRIPT@
)
nodrop_status=$?
if [ "$nodrop_status" -ne 0 ]; then
	nodrop_warn @PACKAGE@ "@KEY@ failed with status $nodrop_status"
fi
