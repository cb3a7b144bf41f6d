package drill

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// hostile is what a server may say to harm whoever reads of it, in HTML, XML, a terminal, Markdown or a log of CI.
const hostile = "</style><script>x</script>\"' onload=x ]]> \x1b[31m\x00\u202e | `x` [x](javascript:x)\r\n::error::x %0A"

// hostileReport has hostile texts wherever others have a say.
func hostileReport() *Report {
	r := example()
	r.Command = Command{Args: []string{"sh", "-c", hostile}, Error: hostile, Duration: r.Command.Duration}
	r.Setup.Clients = []Client{{Post, 4, "http://127.0.0.1/" + hostile}}
	r.Versions.During = []string{hostile}
	r.Warnings = []string{hostile}
	r.Errors = []ErrorCount{{Post, EOF, hostile, 3}}
	r.Timeline.Events = append(r.Timeline.Events, Event{At: Millis(time.Second), Unit: hostile, What: hostile})
	return r
}

func TestHTMLEscapes(t *testing.T) {
	var b bytes.Buffer
	if err := hostileReport().WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "</style><", "\x1b", "\x00", "\u202e", `"' onload`} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if n := strings.Count(b.String(), "&lt;script&gt;x"); n < 7 {
		t.Errorf("the page shows the text %d times, want 7 or more", n)
	}
}

// Reports of drills that saw little, or nothing, are pages as well.
func TestHTMLOfLittle(t *testing.T) {
	none := example()
	none.Timeline.Slots = nil
	short := example()
	short.Timeline = Timeline{Length: 1, Step: Millis(10 * time.Millisecond), Slots: make([]Slot, 1)}
	for name, r := range map[string]*Report{"nothing": {}, "an error": {Error: "no server"}, "no slots": none, "one slot": short} {
		var b bytes.Buffer
		if err := r.WriteHTML(&b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, bad := range []string{"NaN", "Inf", "ZgotmplZ"} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("%s: the page has %s", name, bad)
			}
		}
	}
}

func TestEveryKindIsExplained(t *testing.T) {
	for _, kind := range Kinds() {
		if abouts[kind] == "" {
			t.Errorf("the page does not explain %s", kind)
		}
	}
}
