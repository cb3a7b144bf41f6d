package lint

import (
	"strings"

	"github.com/nodrop/nodrop/pkg/shellwalk"
)

// compareVersions is dpkg --compare-versions. An empty version is older than any, but for the operators that end in "-nl".
func compareVersions(a, op, b string) shellwalk.Answer {
	if strings.Contains(a+b, shellwalk.Unknown) {
		return shellwalk.Unsure
	}
	order := versionOrder(a, b)
	if base, later := strings.CutSuffix(op, "-nl"); later {
		op = base
		if a == "" || b == "" {
			order = -versionOrder(a, b)
		}
	}
	switch op {
	case "lt", "<<":
		return yes(order < 0)
	case "le", "<=", "<":
		return yes(order <= 0)
	case "eq", "=":
		return yes(order == 0)
	case "ne":
		return yes(order != 0)
	case "ge", ">=", ">":
		return yes(order >= 0)
	case "gt", ">>":
		return yes(order > 0)
	}
	return shellwalk.Unsure
}

// versionOrder is negative if a is older than b (deb-version(7)).
func versionOrder(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return -1
	case b == "":
		return 1
	}
	aEpoch, aRest := epoch(a)
	bEpoch, bRest := epoch(b)
	if order := partOrder(aEpoch, bEpoch); order != 0 {
		return order
	}
	aUpstream, aRevision := revision(aRest)
	bUpstream, bRevision := revision(bRest)
	if order := partOrder(aUpstream, bUpstream); order != 0 {
		return order
	}
	return partOrder(aRevision, bRevision)
}

func epoch(v string) (string, string) {
	if e, rest, ok := strings.Cut(v, ":"); ok {
		return e, rest
	}
	return "0", v
}

func revision(v string) (string, string) {
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		return v[:i], v[i+1:]
	}
	return v, "0"
}

// partOrder compares text and numbers by turns; "~" is before everything, the end included, and letters before the rest.
func partOrder(a, b string) int {
	for a != "" || b != "" {
		for a != "" && !digit(a[0]) || b != "" && !digit(b[0]) {
			if x, y := weight(a), weight(b); x != y {
				return x - y
			}
			a, b = a[1:], b[1:]
		}
		var x, y string
		x, a = number(a)
		y, b = number(b)
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		if order := strings.Compare(x, y); order != 0 {
			return order
		}
	}
	return 0
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func weight(s string) int {
	switch {
	case s == "" || digit(s[0]):
		return 0
	case s[0] == '~':
		return -1
	case s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z':
		return int(s[0])
	}
	return int(s[0]) + 256
}

// number takes the digits off the beginning, leading zeros left out.
func number(s string) (n, rest string) {
	i := 0
	for i < len(s) && digit(s[i]) {
		i++
	}
	return strings.TrimLeft(s[:i], "0"), s[i:]
}
