# One line per thing that happened, beginning with the service or package it happened to; bad news go to stderr.
nodrop_say() { # WHO TEXT...
	nodrop_who=$1
	shift
	echo "$nodrop_who: $*"
}
nodrop_warn() { # WHO TEXT...
	nodrop_say "$@" >&2
}
