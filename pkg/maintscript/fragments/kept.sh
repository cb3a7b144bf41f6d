# The last version that served well is kept until another one does: a copy of its files, made before another is unpacked. If
# that one does not work, the copy takes its place, so that a restart or a reboot finds a program that does.
#   good/, version  the files of the version that works, and which it is
#   bad/            those of the version that failed, while the good ones are in place
#   fallen          a mark: the version that is to be replaced is not the good one
#   next            a mark for dpkg's next script: what is being unpacked knows of all this
nodrop_kept=/var/lib/nodrop/@PACKAGE@
