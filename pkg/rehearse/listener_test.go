package rehearse

import (
	"fmt"
	"testing"
)

const ss = `LISTEN 0      4096               *:8080            *:*    users:(("systemd",pid=1,fd=40),("myapp",pid=99,fd=3))
LISTEN 0      511             [::]:80           [::]:*    users:(("nginx",pid=700,fd=6))
LISTEN 0      511          0.0.0.0:80        0.0.0.0:*    users:(("nginx",pid=700,fd=5))
LISTEN 0      4096         [::1]:631           [::]:*    users:(("cupsd",pid=5,fd=6))
LISTEN 0      4096         [::]:443           [::]:*
LISTEN 0      4096   127.0.0.53%lo:53        0.0.0.0:*    users:(("systemd-resolve",pid=2,fd=17))
LISTEN 0      4096         nonsense        0.0.0.0:*
LISTEN
`

func TestParseListeners(t *testing.T) {
	got := fmt.Sprint(parseListeners(ss))
	const want = "[127.0.0.53:53 (systemd-resolve) 127.0.0.1:80 (nginx) [::1]:443 [::1]:631 (cupsd) 127.0.0.1:8080 (systemd)]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWithout(t *testing.T) {
	all := parseListeners(ss)
	before := parseListeners("LISTEN 0 1 127.0.0.1:80 *:*\nLISTEN 0 1 [::1]:631 *:*\n")
	if got, want := fmt.Sprint(without(all, before)), "[127.0.0.53:53 (systemd-resolve) [::1]:443 127.0.0.1:8080 (systemd)]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(all) != 5 {
		t.Errorf("changed its argument: %v", all)
	}
}

func FuzzParseListeners(f *testing.F) {
	f.Add(ss)
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range parseListeners(text) {
			if !l.addr.IsValid() {
				t.Errorf("not an address: %v", l)
			}
		}
	})
}
