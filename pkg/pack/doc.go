// Package pack builds deb and rpm packages through nfpm's Go API from an ordinary nfpm.yaml and ordinary unit files. It adds
// what an upgrade needs that drops no connection: the companions of every service (pkg/units) and the maintainer scripts
// (pkg/maintscript), after pkg/lint has found no error in the units.
//
// The configuration is nfpm's, read by nfpm's own parser. Two things differ in the package: unit files go to
// /lib/systemd/system in a deb (a machine with Debian 11 may have an unmerged /usr) and to /usr/lib/systemd/system in an rpm,
// whichever of the two the configuration says, and the scripts of the configuration are built into ours.
//
// Errors about the configuration or a unit begin with "file:line: " and say how to mend it. Nothing is left half-written: a
// package appears under its name when it is complete.
package pack
