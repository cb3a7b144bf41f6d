package units

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Unit is one unit file.
type Unit struct {
	Name     string // as systemd knows it: "myapp.service"
	Path     string // where it was read, for messages
	Sections []Section
	Comments []Comment
}

// Comment is one line of comment, without its "#" or ";".
type Comment struct {
	Text string
	Line int
}

// Section is one "[Name]" and the entries below it. A name may appear several times; systemd reads them as one.
type Section struct {
	Name    string
	Line    int
	Entries []Entry
}

// Entry is one key=value. A continued value is one line, joined as systemd.syntax(7) says.
type Entry struct {
	Key, Value string
	Line       int // where the entry begins, from 1
}

// Stem is the name without its type suffix.
func (u *Unit) Stem() string { return strings.TrimSuffix(u.Name, u.Kind()) }

// Kind is the type suffix: ".service", ".socket", …
func (u *Unit) Kind() string { return path.Ext(u.Name) }

// IsTemplate reports whether the unit exists only in instances ("foo@.service").
func (u *Unit) IsTemplate() bool { return strings.HasSuffix(u.Stem(), "@") }

// Line is the line of the first header of the section, 0 when there is none.
func (u *Unit) Line(section string) int {
	for _, s := range u.Sections {
		if s.Name == section {
			return s.Line
		}
	}
	return 0
}

// Entries are all entries of the section, in the order of the file.
func (u *Unit) Entries(section string) []Entry {
	var all []Entry
	for _, s := range u.Sections {
		if s.Name == section {
			all = append(all, s.Entries...)
		}
	}
	return all
}

// List holds the entries of a key that may be given several times; an empty assignment forgets those before it.
func (u *Unit) List(section, key string) []Entry {
	var list []Entry
	for _, e := range u.Entries(section) {
		switch {
		case e.Key != key:
		case e.Value == "":
			list = nil
		default:
			list = append(list, e)
		}
	}
	return list
}

// Get is the last word on a key that has one value; ok is false when the key is absent or was reset by an empty value.
func (u *Unit) Get(section, key string) (e Entry, ok bool) {
	if list := u.List(section, key); len(list) > 0 {
		return list[len(list)-1], true
	}
	return Entry{}, false
}

// Bool reads a boolean as systemd does; an absent key, and a value that is no boolean, is false.
func (u *Unit) Bool(section, key string) (e Entry, on bool) {
	e, _ = u.Get(section, key)
	on, _ = parseBool(e.Value)
	return e, on
}

func parseBool(value string) (on, ok bool) {
	value = strings.ToLower(value)
	on = slices.Contains([]string{"1", "yes", "y", "true", "t", "on"}, value)
	return on, on || slices.Contains([]string{"0", "no", "n", "false", "f", "off"}, value)
}

// Names splits the entries of a key that lists units (PartOf=, Sockets=, …), specifiers resolved: one entry per name.
func (u *Unit) Names(section, key string) []Entry {
	var names []Entry
	for _, e := range u.List(section, key) {
		for _, word := range strings.Fields(u.Expand(e.Value)) {
			names = append(names, Entry{Key: e.Key, Value: strings.Trim(word, `"'`), Line: e.Line})
		}
	}
	return names
}

// Installable reports whether the unit can be enabled, by an [Install] section that says how.
func (u *Unit) Installable() bool {
	return slices.ContainsFunc(u.Entries("Install"), func(e Entry) bool {
		return e.Value != "" && slices.Contains([]string{"WantedBy", "RequiredBy", "UpheldBy", "Alias", "Also"}, e.Key)
	})
}

// Errorf makes an error that begins with the unit's path and the line.
func (u *Unit) Errorf(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", u.Path, line, fmt.Errorf(format, args...))
}
