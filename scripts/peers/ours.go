package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/pkg/host"
	"github.com/nodrop/nodrop/scripts/lab"
)

// runs is how often myapp is upgraded and, in turn, downgraded.
const runs = 50

// kinds are the clients of each run: all kinds that can be carried, and tls and h2, whose connections the old
// instance ends politely.
var kinds = []string{
	"--client", "fresh=8", "--client", "keepalive=8", "--client", "post=8", "--client", "idle=8",
	"--client", "websocket=8@http://127.0.0.1:8080/ws", "--client", "events=8@http://127.0.0.1:8080/events?every=100ms",
	"--client", "tls=4", "--client", "h2=4",
	"--before", "1s", "--after", "1s",
}

// row is what the clients of one kind saw in all runs.
type row struct {
	Kind        drill.Kind        `json:"kind"`
	Requests    uint64            `json:"requests"`
	Failed      uint64            `json:"failed"`
	Connections drill.Connections `json:"connections"`
	LongestWait drill.Millis      `json:"longest_wait_ms"` // while the command ran
}

// repeated is what became of all runs.
type repeated struct {
	Runs   int                `json:"runs"`
	Lost   int                `json:"lost"` // runs that lost something
	Rows   []row              `json:"rows"`
	Errors []drill.ErrorCount `json:"errors"`
}

func (r *repeated) add(report *drill.Report) {
	r.Runs++
	if report.Lost() {
		r.Lost++
	}
	r.Errors = append(r.Errors, report.Errors...)
	for i, k := range report.Kinds {
		if len(r.Rows) == i {
			r.Rows = append(r.Rows, row{Kind: k.Kind})
		}
		sum := &r.Rows[i]
		sum.Requests += k.Requests
		sum.Failed += k.Failed
		sum.Connections.Opened += k.Connections.Opened
		sum.Connections.Announced += k.Connections.Announced
		sum.Connections.Closed += k.Connections.Closed
		sum.LongestWait = max(sum.LongestWait, k.During.Longest)
	}
}

// drillOurs upgrades myapp again and again, on one host.
func drillOurs(ctx context.Context, l *lab.Lab) (*repeated, error) {
	nodrop, err := l.Nodrop(ctx)
	if err != nil {
		return nil, err
	}
	old, err1 := l.Package(ctx, lab.Release{Version: "1.0.0"}, "deb")
	next, err2 := l.Package(ctx, lab.Release{Version: "1.1.0"}, "deb")
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	h, err := host.Boot(ctx, host.Options{Suite: suite, Log: os.Stderr})
	if err != nil {
		return nil, err
	}
	defer h.Close()
	if err := h.Install(ctx, nodrop, "/usr/bin/nodrop", 0o755); err != nil {
		return nil, err
	}
	if err := h.Publish(ctx, old, next); err != nil {
		return nil, err
	}
	if _, err := h.Run(ctx, "apt-get", "-y", "install", "myapp=1.0.0"); err != nil {
		return nil, err
	}
	result := &repeated{Errors: []drill.ErrorCount{}}
	for i := range runs {
		version := []string{"1.1.0", "1.0.0"}[i%2]
		began := time.Now()
		report, err := lab.Drill(ctx, h, io.Discard, kinds, "apt-get", "-y", "--allow-downgrades", "install", "myapp="+version)
		if err == nil && report.Command.Error != "" {
			err = errors.New(report.Command.Error)
		}
		if err != nil {
			journal, _ := h.Journal(context.WithoutCancel(ctx), began)
			return nil, fmt.Errorf("run %d of %d: %w; the host's journal:\n%s", i+1, runs, err, journal)
		}
		fmt.Fprintf(os.Stderr, "run %d of %d: %s\n", i+1, runs, report.Verdict())
		result.add(report)
	}
	return result, nil
}
