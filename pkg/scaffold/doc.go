// Package scaffold makes an existing Go server ready to be packaged: it finds the program that serves, how and where, and
// writes units, nfpm.yaml and what else a package needs, and the part of .goreleaser.yaml that builds the same packages.
//
// It reads a module as the compiler does (golang.org/x/tools/go/packages) and asks only what it cannot see there. In files
// that exist it changes nothing, with one exception: to .goreleaser.yaml it adds lines, and leaves every other byte as
// it is. The change that the program itself needs is shown as a diff, for its author to apply.
package scaffold
