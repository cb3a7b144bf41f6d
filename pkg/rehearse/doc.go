// Package rehearse drills the upgrade of a package on a throw-away host: it boots
// one (package host), installs a version, upgrades or reinstalls it under load and
// returns the drill's report. Nothing of it is left behind, however it ends.
//
// The drill itself runs inside the host, as anyone would run it there: the program
// nodrop is copied into the host and started as nodrop drill … -- apt-get install ….
// So its clients are on the host's loopback, and the units whose phases it reports are
// the host's.
//
// # Where packages come from
//
// A host has no network. What a deb depends on is chosen and downloaded by this
// machine's apt-get, which is told the host's package database, and is put straight into
// the host. If the host's release is this machine's, its sources of packages are the
// machine's, as its last apt-get update saw them; else, or if there was none, Debian's.
//
// An rpm's requirements are not looked at: the host is a Debian one, where rpm knows of
// no package. What a program needs beyond the C library must be in it.
package rehearse
