// Package shellwalk tells what a shell script would run when it is called with given arguments, without running anything.
//
// Maintainer scripts are mostly tests of their arguments: what postinst does for "configure 1.0" is another matter than what it
// does for "abort-upgrade". A walk follows the branches that the arguments decide, and both sides of those that only a real
// host could decide. A variable holds the set of texts that it may have; functions are followed; of what a command prints nothing
// is known.
//
//	script, err := shellwalk.Parse("postinst", data)
//	calls, err := script.Walk(shellwalk.Run{Args: []string{"configure", "1.0"}})
//
// A walk is bounded: scripts may be hostile.
package shellwalk
