package units

import "strings"

// Expand resolves the specifiers that stand for the unit's own name (%n %N %p %P %j %J %f, systemd.unit(5)), as the copy of
// a unit under another name needs it. Everything else, %% included, is left for systemd.
func (u *Unit) Expand(value string) string {
	stem := u.Stem()
	final := stem[strings.LastIndexByte(stem, '-')+1:]
	// Names hold no "\" (CheckName), so undoing the escape is turning "-" into "/" (systemd-escape(1)).
	unescape := func(s string) string { return strings.ReplaceAll(s, "-", "/") }
	return strings.NewReplacer(
		"%%", "%%",
		"%n", u.Name,
		"%N", stem,
		"%p", stem,
		"%P", unescape(stem),
		"%j", final,
		"%J", final,
		"%f", "/"+unescape(stem),
	).Replace(value)
}
