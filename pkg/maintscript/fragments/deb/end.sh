# dpkg calls again with the same arguments after a failure, so the marks stay until all is done. On the way back from
# somebody else's failure (abort-*) nothing of ours may fail.
case "$1" in
configure)
	if [ -n "$nodrop_failed" ]; then
		nodrop_fallback
		exit 1
	fi
	nodrop_release
	;;
esac
nodrop_forget install before stopped
