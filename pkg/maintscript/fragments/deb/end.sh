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
abort-upgrade)
	if [ -e "$nodrop_kept/fallen" ] && [ ! -d "$nodrop_kept/bad" ] && ! nodrop_swap; then
		nodrop_warn @PACKAGE@ "could not put $nodrop_good back (see above)"
	fi
	;;
esac
nodrop_forget install before stopped
