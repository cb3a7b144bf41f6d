// Package host makes throw-away Debian machines with a real systemd as PID 1,
// for tests, demonstrations and rehearsals of an upgrade.
//
// A [Host] is a systemd-nspawn container over a cached, read-only debootstrap
// root ([Root]), with every change kept in memory. It has its own network with
// nothing but loopback: clients and servers all run inside ([Host.Command]).
// Packages come from an apt repository inside the host ([Host.Publish]).
//
//	h, err := host.Boot(ctx, host.Options{Suite: "bookworm", Log: os.Stderr})
//	if err != nil { … }
//	defer h.Close()
//	err = h.Publish(ctx, "myapp_1.0.0_amd64.deb")
//	out, err := h.Run(ctx, "apt-get", "install", "-y", "myapp")
//
// # What is left behind
//
// Nothing, and the kernel sees to it rather than this package: systemd-nspawn
// runs as the first process of a PID namespace and in a private mount namespace
// (see sandbox.go). When that process ends (Close kills it; the death
// of the calling process does so too, kill -9 included), the kernel ends every
// process of the host, and with them go its mounts and all that was written. Only
// an empty control group may outlive a killed caller; the next Boot removes it.
//
// # What it costs
//
// Measured on two cores, with systemd 252 outside: making a root 50 to 80 seconds and
// 180 MB, once; booting 0.4 s (bullseye, bookworm), 0.6 s (trixie), 1.4 s (sid);
// a command 5 ms; closing 0.06 s. Copying the root for every host, rather than laying a
// writable layer over it, took another 1.4 to 3.5 s.
//
// # What it is not
//
// A host isolates against accidents, not against malice: commands enter it with
// all of root's capabilities. Boot only packages you would install.
package host
