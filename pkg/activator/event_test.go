package activator

import (
	"os"
	"strings"
	"testing"
)

func TestWriteText(t *testing.T) {
	var b strings.Builder
	for _, colour := range []bool{false, true} {
		write := WriteText(&b, colour)
		for _, kind := range []Kind{Ready, Status, Crashed} {
			write(Event{Kind: kind, Text: string(kind)})
		}
	}
	want := "nodrop: ready\nnodrop: crashed\n\x1b[36mnodrop:\x1b[0m ready\n\x1b[31mnodrop:\x1b[0m crashed\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// Colour is for terminals only, and for those who want it.
func TestColour(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if Colour(file) {
		t.Error("a file has colours")
	}
	device, err := os.Open(os.DevNull) // a character device, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	if !Colour(device) {
		t.Error("a terminal has none")
	}
	t.Setenv("NO_COLOR", "1")
	if Colour(device) {
		t.Error("a terminal has some with NO_COLOR")
	}
}
