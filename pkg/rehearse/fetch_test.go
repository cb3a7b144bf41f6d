package rehearse

import (
	"strings"
	"testing"
)

func TestCodename(t *testing.T) {
	for text, want := range map[string]string{
		"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n": "bookworm",
		"ID=\"debian\"\nVERSION_CODENAME='trixie'\n":                                             "trixie",
		"ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n":                                    "",
		"ID=debian\n": "", // sid before a release
		"":            "",
	} {
		if got := codename(strings.NewReader(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestSources(t *testing.T) {
	if got := sources("sid", "/k"); got != "deb [signed-by=/k] http://deb.debian.org/debian sid main\n" {
		t.Errorf("sid: %s", got)
	}
	if got := sources("trixie", "/k"); !strings.Contains(got, "/debian-security trixie-security main") {
		t.Errorf("trixie without security updates: %s", got)
	}
}
