package hosts

import (
	"bytes"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// Clients that send slowly, without end or nonsense, and do not read, hold up neither an upgrade nor anybody who is polite: of
// those nobody loses a request, and no connection in the clear is closed. (An idle one would be by its own time-out.)
func TestUpgradeAmongRudeClients(t *testing.T) {
	m := installed(t)
	program, err := built.lab.Rude(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Install(t.Context(), program, "/usr/bin/rude", 0o755); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	rude := m.Command(t.Context(), "rude", "4", "http/1.1", "127.0.0.1:8080", "https/1.1", "127.0.0.1:8443", "h2", "127.0.0.1:8443")
	rude.Stdout, rude.Stderr = &said, &said
	stop, err := rude.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := rude.Start(); err != nil {
		t.Fatal(err)
	}
	m.must("timeout", "60", "sh", "-c", "until [ $(ss -Htn state established '( sport = :8080 or sport = :8443 )' | wc -l) -ge 80 ]; do sleep 0.1; done")
	m.publish(lab.Release{Version: "1.1.0"})
	m.unbroken([]string{"--client", "fresh=8", "--client", "post=16", "--client", "keepalive=16", "--client", "tls=4", "--client", "h2=4", "--rate", "5"},
		"1.1.0", "apt-get", "-y", "upgrade")

	// What a client cannot be made to give up in a drain goes with the server's own time-outs, or for HTTP/2 with ours.
	for _, end := range []string{"true", "false"} {
		got := m.must("sh", "-c", `journalctl --quiet --output=cat | grep '"msg":"drained"' | grep -c '"in_time":'`+end+" || :")
		if want := map[string]string{"true": "2", "false": "0"}[end]; got != want {
			t.Errorf("%s drains ended with in_time %s, want %s", got, end, want)
		}
	}
	stop.Close()
	if err := rude.Wait(); err != nil {
		t.Errorf("rude clients: %v", err)
	}
	if said.Len() > 0 {
		t.Errorf("rude clients were refused: %s", &said)
	}
}
