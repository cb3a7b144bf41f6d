// Package lint finds what in unit files and in built packages would drop connections during an upgrade, lose data, undo what
// the admin has chosen, or keep the upgrade from working at all. Every finding says where, why and how to mend it.
//
// Unit files are read by pkg/units, packages by pkg/unpack. What the maintainer scripts of a package do is found by pkg/shellwalk:
// the scripts are walked as dpkg or rpm would call them in an upgrade, on a host where the service runs, on one where the admin has
// stopped it, and where there is no systemd at all.
package lint
