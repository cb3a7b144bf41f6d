// Package lint finds what in the unit files of a package would drop connections during an upgrade, or keep the upgrade from
// working at all. Every finding says where, why and how to mend it; errors stop a build, warnings do not.
package lint
