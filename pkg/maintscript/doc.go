// Package maintscript writes the maintainer scripts of a package from its unit files: what debhelper and the rpm macros do
// for their distributions, plus the rollout.
//
// A script is put together from the small POSIX sh fragments in fragments/, each of which begins with a comment that says
// why it is there. They follow Debian Policy chapter 6, deb-systemd-helper(1), policy-rc.d(8) and systemd.preset(5), and
// need nothing on the target but systemd (and, for a deb, init-system-helpers, which is essential).
//
// What the scripts promise:
//   - an upgrade, reinstall or downgrade never stops a socket, and brings the new version into use by the strategy of the
//     unit; a service or socket that the admin stopped, disabled or masked is left so;
//   - where a port cannot be kept (the old version had bound it itself, or the address in a socket unit changed), service
//     and socket are restarted together, and the terminal tells of the short gap;
//   - a first install starts what is enabled; where no systemd runs, nothing is started, only enabled;
//   - a purge takes what the services kept in StateDirectory= and its like;
//   - an upgrade that fails leaves whoever serves serving, and says so: a deb's postinst exits 1, rpm's scriptlets exit 0
//     because rpm rolls nothing back. The files of the last version that served well are then back in their places, from a
//     copy that was made before the new one was unpacked, until a version that works is installed;
//   - the package's own scripts are kept, each in a subshell: in postinst before anything starts, in prerm after
//     everything has stopped. Their exit status is honoured.
//
// What that means case by case is in docs/states.md, whose tables are tested on real hosts.
package maintscript
