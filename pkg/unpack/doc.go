// Package unpack reads what matters in an upgrade, unit files, maintainer scripts, names of files, out of a package that was built
// before, a deb or an rpm, by nodrop or by anything else.
//
// A package is read as a stream, once, and nothing is written. It may be hostile: what it claims about sizes is checked
// before it is believed, and memory is bounded however large the package is. That is also why the two outer formats are read
// here: the readers to be had for ar and for rpm headers allocate what a header claims, or panic.
package unpack
