# dpkg calls again with the same arguments after a failure, so the marks stay until all is done. On the way back from
# somebody else's failure (abort-*) nothing of ours may fail.
case "$1" in
abort-*) nodrop_failed= ;;
esac
if [ -n "$nodrop_failed" ]; then
	exit 1
fi
nodrop_forget install before stopped
