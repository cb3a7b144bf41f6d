package hosts

import (
	"context"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/scripts/lab"
)

// faultLoad has each kind of connection: those that are carried, those that are asked to come back, and new ones.
var faultLoad = append([]string{"--client", "idle=16", "--client", "websocket=4@http://127.0.0.1:8080/ws",
	"--client", "events=2@http://127.0.0.1:8080/events?every=100ms"}, faultLoadBusy...)

// faultLoadBusy has no connection that waits for something: those hold a drain, if they cannot be carried, until the idle time-out.
var faultLoadBusy = []string{"--client", "fresh=8", "--client", "post=8", "--client", "tls=4", "--client", "h2=4",
	"--rate", "5", "--before", "300ms", "--after", "500ms"}

// underLoad calls f while the clients are at work, and returns what they saw.
func (m machine) underLoad(load []string, f func()) *drill.Report {
	m.t.Helper()
	const command = `read -r _ </srv/begun; read -r _ </srv/ended`
	m.must("sh", "-c", "rm -f /srv/begun /srv/ended; mkfifo /srv/begun /srv/ended")
	ctx, cancel := context.WithTimeout(m.t.Context(), 5*time.Minute)
	defer cancel()
	type result struct {
		report *drill.Report
		err    error
	}
	done := make(chan result, 1)
	go func() {
		r, err := lab.Drill(ctx, m.Host, testWriter{m.t}, load, "sh", "-c", command)
		done <- result{r, err}
	}()
	defer func() { cancel(); done <- <-done }() // where f gives up
	if _, err := m.Run(ctx, "timeout", "30", "sh", "-c", "echo >/srv/begun"); err != nil {
		cancel()
		m.t.Fatalf("the load did not begin: %v", (<-done).err)
	}
	f()
	m.must("timeout", "30", "sh", "-c", "echo >/srv/ended")
	got := <-done
	done <- got
	if got.err != nil {
		m.t.Fatal(got.err)
	}
	return got.report
}
