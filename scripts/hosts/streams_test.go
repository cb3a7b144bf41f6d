package hosts

import (
	"testing"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/scripts/lab"
)

// longLived holds WebSockets and event streams, whose every message is numbered,
// and enough fresh connections to tell which version serves.
var longLived = []string{
	"--client", "websocket=1000@http://127.0.0.1:8080/ws",
	"--client", "events=1000@http://127.0.0.1:8080/events?every=1s",
	"--client", "fresh=8", "--rate", "1", "--after", "8s",
}

// WebSockets and event streams go on, on the same connections, through an
// upgrade and a plain restart: no message is lost, repeated or reordered, and
// nobody has to come back.
func TestStreamsSurvive(t *testing.T) {
	m := installed(t)
	m.publish(lab.Release{Version: "1.1.0"})
	for _, tt := range []struct {
		name    string
		command []string
		version string
	}{
		{"restart", []string{"systemctl", "restart", "myapp.service"}, "1.0.0"},
		{"upgrade", []string{"apt-get", "-y", "upgrade"}, "1.1.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := machine{m.Host, t}
			r := m.unbroken(longLived, tt.version, tt.command...)
			for _, kind := range r.Kinds {
				for phase, span := range map[string]drill.Span{"before": kind.Before, "during": kind.During, "after": kind.After} {
					if span.Requests == 0 {
						t.Errorf("no %s message %s the command", kind.Kind, phase)
					}
				}
			}
		})
	}
}
