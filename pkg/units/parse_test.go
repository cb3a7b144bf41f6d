package units

import (
	"reflect"
	"strings"
	"testing"
)

func parse(t *testing.T, name, text string) *Unit {
	t.Helper()
	u, err := Parse(name, "src/"+name, []byte(text))
	if err != nil {
		t.Fatalf("Parse(%s): %v", name, err)
	}
	return u
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, text string
		want       []Section
	}{
		{"empty", "", nil},
		{"sections and lines", "# c\n\n[Unit]\nA=1\n\n[Service]\n; c\nB = two words \n", []Section{
			{"Unit", 3, []Entry{{"A", "1", 4}}},
			{"Service", 6, []Entry{{"B", "two words", 8}}},
		}},
		{"continuation keeps the first line, the backslash becomes a space", "[S]\nA=1 \\\n  2\\\n3\nB=4\n", []Section{
			{"S", 1, []Entry{{"A", "1    2 3", 2}, {"B", "4", 5}}},
		}},
		{"comments and an empty line within a continuation", "[S]\nA=1\\\n# no\n ; no\n2\\\n\nB=3\n", []Section{
			{"S", 1, []Entry{{"A", "1 2", 2}, {"B", "3", 7}}},
		}},
		{"an escaped backslash ends the line", "[S]\nA=1\\\\\nB=2\n", []Section{
			{"S", 1, []Entry{{"A", `1\\`, 2}, {"B", "2", 3}}},
		}},
		{"continuation at the end of the file", "[S]\nA=1\\", []Section{{"S", 1, []Entry{{"A", "1", 2}}}}},
		{"a comment's backslash continues nothing", "[S]\n# c \\\nA=1\n", []Section{{"S", 1, []Entry{{"A", "1", 3}}}}},
		{"value with = and #", "[S]\nA=b=c # d\n", []Section{{"S", 1, []Entry{{"A", "b=c # d", 2}}}}},
		{"empty value", "[S]\nA=\n", []Section{{"S", 1, []Entry{{"A", "", 2}}}}},
		{"CRLF and BOM", "\ufeff[S]\r\nA=1\\\r\n2\r\n", []Section{{"S", 1, []Entry{{"A", "1 2", 2}}}}},
		{"a section twice", "[S]\nA=1\n[T]\n[S]\nA=2\n", []Section{
			{"S", 1, []Entry{{"A", "1", 2}}}, {"T", 3, nil}, {"S", 4, []Entry{{"A", "2", 5}}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parse(t, "a.service", tt.text).Sections; !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no =", "[S]\n\nnonsense\n", `a.service:3: "nonsense" is neither`},
		{"entry first", "A=1\n[S]\n", `a.service:1: "A=1" stands before`},
		{"open header", "[S\nA=1\n", `a.service:1: "[S" is no section header`},
		{"empty header", "[]\n", `a.service:1: "[]" is no section header`},
		{"no key", "[S]\n=1\n", `a.service:2: "=1" has no key`},
		{"a space behind the backslash", "[S]\nA=1 \\ \n2\n", `a.service:2: "A=1 \\" ends in a backslash`},
		{"not UTF-8", "[S]\nA=\xff\n", "a.service:2: not a line of text"},
		{"NUL", "[S]\nA=\x00\n", "a.service:2: not a line of text"},
		{"fault in a continued line is told at its beginning", "[S]\nnon\\\nsense\n", "a.service:2: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("a.service", "a.service", []byte(tt.text))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v, want %s…", err, tt.want)
			}
		})
	}
}

func TestLookups(t *testing.T) {
	u := parse(t, "my-app.service", `[Unit]
After=a.service
After=
After=b.service %p.socket "c.service"
[Service]
Type=simple
Type=notify
Restart=always
Restart=
DynamicUser=On
PrivateTmp=no
[Install]
WantedBy=
`)
	if e, ok := u.Get("Service", "Type"); !ok || e.Value != "notify" || e.Line != 7 {
		t.Errorf("Get(Type) = %v, %v: the last one counts", e, ok)
	}
	if e, ok := u.Get("Service", "Restart"); ok {
		t.Errorf("Get(Restart) = %v: it was reset", e)
	}
	if e, ok := u.Get("Service", "ExecStart"); ok {
		t.Errorf("Get(ExecStart) = %v: it is absent", e)
	}
	want := []Entry{{"After", "b.service", 4}, {"After", "my-app.socket", 4}, {"After", "c.service", 4}}
	if got := u.Names("Unit", "After"); !reflect.DeepEqual(got, want) {
		t.Errorf("Names(After) = %v, want %v", got, want)
	}
	if _, on := u.Bool("Service", "DynamicUser"); !on {
		t.Error("DynamicUser=On is a yes")
	}
	if _, on := u.Bool("Service", "PrivateTmp"); on {
		t.Error("PrivateTmp=no is not a yes")
	}
	if u.Installable() {
		t.Error("an empty WantedBy= enables nothing")
	}
	if got := [2]int{u.Line("Service"), u.Line("Socket")}; got != [2]int{5, 0} {
		t.Errorf("Line(Service), Line(Socket) = %v", got)
	}
}

func TestExpand(t *testing.T) {
	u := &Unit{Name: "my-app.service"}
	tests := []struct{ in, want string }{
		{"%n %N %p %P", "my-app.service my-app my-app my/app"},
		{"%j %J %f", "app app /my/app"},
		{"%%n 100%% %%%n", "%%n 100%% %%my-app.service"},
		{"%t/%p %i %H %", "%t/my-app %i %H %"},
	}
	for _, tt := range tests {
		if got := u.Expand(tt.in); got != tt.want {
			t.Errorf("Expand(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// FuzzParse: no input panics, and what was understood survives being written and read again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "[Unit]\nDescription=x\n\n[Service]\nType=notify\n", "[S]\nA=1 \\\n# c\n 2\\\\\n", "[S]\nA=\\\n", "\\\n\\\n[S]\nA=b",
		"[S]\nA\\=b\\\\\\\nc", "\ufeff[S]\r\n", "[S]\n=\n", "x", "[", "[S]\nA=\xff", "[S]\n\\\nA=1",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		u, err := Parse("a.service", "a.service", data)
		if err != nil {
			return
		}
		again, err := Parse("a.service", "a.service", []byte(u.String()))
		if err != nil {
			t.Fatalf("reading what was written: %v\n%s", err, u)
		}
		if u.String() != again.String() {
			t.Fatalf("was\n%s\nis\n%s", u, again)
		}
	})
}
