// Package repository turns debs and rpms into a signed repository for apt and
// dnf: a directory that any static web server serves. apt-ftparchive(1) and
// createrepo_c(8) write the indexes.
//
// What is published stays: [Publish] adds to what is there, so that old versions
// can still be installed. Every file comes into its place by a rename, those that
// name others last, and those that an index published before names stay until
// the one after. So whoever reads meanwhile finds all of the old state or all of
// the new one. The one exception is dnf's own: repomd.xml and its signature are
// two files. A dnf that reads the first before and the second after a publication
// takes the signature for a bad one, and takes nothing.
package repository
