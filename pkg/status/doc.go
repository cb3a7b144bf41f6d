// Package status tells how a service with companions is doing on this host: its
// sockets and what waits in them, main and standby, the version installed, and how
// the last rollout went. It only reads, and does without root as far as the host
// lets it; what it could not find out is left empty.
package status
