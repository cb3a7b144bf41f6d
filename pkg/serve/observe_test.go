package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// seen is what an observed instance writes to its standard error.
type seen struct {
	Serving time.Duration
	Adopted string
	Drained *Drain
	Earlier *Drain
}

// runObserved serves "/open", which counts connections, "/held" until the client
// goes in the drain, and "/live", a connection that ends at the end of the drain
// time.
func runObserved() error {
	write := func(s seen) {
		line, _ := json.Marshal(s)
		fmt.Fprintf(os.Stderr, "seen %s\n", line)
	}
	over := make(chan struct{})
	var server *httpServer
	mux := http.NewServeMux()
	mux.HandleFunc("/open", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, server.open()) })
	mux.HandleFunc("/held", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		<-r.Context().Done()
		for !server.draining.Load() {
			time.Sleep(time.Millisecond)
		}
		w.Header().Set("Connection", "close") // else it may be carried, its end not read yet
	})
	mux.HandleFunc("/live", func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			fmt.Fprintln(c, "live")
			<-over
			c.Close()
		}
	})
	srv := &http.Server{Handler: mux}
	srv.RegisterOnShutdown(func() { close(over) })
	return Run(context.Background(), HTTP("http", srv), DrainTimeout(time.Second), Logger(slog.New(slog.DiscardHandler)),
		Observe(Hooks{
			Serving: func(took time.Duration) { write(seen{Serving: took}) },
			Adopted: func(kind string) { write(seen{Adopted: kind}) },
		}),
		Observe(Hooks{
			Drained: func(d Drain) { write(seen{Drained: &d}) },
			Earlier: func(d Drain) { write(seen{Earlier: &d}) },
		}),
		func(l *life) {
			server = l.servers[0].(*httpServer)
			if os.Getenv("SERVE_TEST_RESTARTS") != "" {
				l.outlook = func(context.Context, *slog.Logger) outlook { return restarts }
			}
		})
}

// seen is all that an instance has written, once it fits.
func (c *child) seen(t *testing.T, what string, fits func([]seen) bool) []seen {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var all []seen
		for lines := bufio.NewScanner(strings.NewReader(c.stderr.String())); lines.Scan(); {
			var s seen
			if text, ok := strings.CutPrefix(lines.Text(), "seen "); ok && json.Unmarshal([]byte(text), &s) == nil {
				all = append(all, s)
			}
		}
		if fits(all) {
			return all
		}
	}
	t.Fatalf("it was never seen that %s: %s", what, &c.stderr)
	return nil
}

// What became of the connections of an instance is known to itself and to the
// next one, be that there already or, in a plain restart, not yet.
func TestDrainIsObserved(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart=%v", restart), func(t *testing.T) {
			f := newFleet(t, "http")
			addr := f.addr(t, "http")
			var env []string
			if restart {
				env = append(env, "SERVE_TEST_RESTARTS=yes")
			}
			first := f.start(t, "observed", env...)
			gone := mustDial(t, addr, "http/1.1").(*h1client) // ended before the drain: no business of it
			gone.close()
			const idle = 3
			open := func(c *h1client) string {
				n, _, err := c.do("GET", "/open", "")
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
			var last *h1client
			for range idle {
				last = mustDial(t, addr, "http/1.1").(*h1client)
				t.Cleanup(last.close)
				open(last)
			}
			held, live := mustDial(t, addr, "http/1.1").(*h1client), mustDial(t, addr, "http/1.1").(*h1client)
			defer live.close()
			fmt.Fprint(held, "GET /held HTTP/1.1\r\nHost: t\r\n\r\n")
			fmt.Fprint(live, "GET /live HTTP/1.1\r\nHost: t\r\n\r\n")
			for _, c := range []*h1client{held, live} {
				if _, err := c.r.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			// These have been accepted; of the one that is gone the instance knows.
			for end := time.Now().Add(30 * time.Second); open(last) != fmt.Sprint(idle+2); time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%s connections are open, not %d", open(last), idle+2)
				}
			}

			var second *child
			if !restart {
				second = f.start(t, "observed")
			}
			first.terminate(t)
			held.close()
			first.wantStopped(t)
			if restart {
				second = f.start(t, "observed")
			}

			isDrained := func(all []seen) bool { return len(all) > 0 && all[len(all)-1].Drained != nil }
			ofFirst := first.seen(t, "it has drained", isDrained)
			drain := ofFirst[len(ofFirst)-1].Drained
			if want := map[string]Outcome{"http": {Carried: idle, Drained: 1, Cut: 1}}; !reflect.DeepEqual(drain.Connections, want) {
				t.Errorf("the drain: %+v, want %+v", drain.Connections, want)
			}
			if drain.InTime || drain.Took < time.Second || time.Since(drain.End) > time.Minute {
				t.Errorf("the drain: %+v", drain)
			}
			if ofFirst[0].Serving <= 0 || len(ofFirst) != 2 {
				t.Errorf("the first instance has seen %+v", ofFirst)
			}

			adopted, earlier := 0, []Drain(nil)
			for _, s := range second.seen(t, "it was told", func(all []seen) bool { return len(all) >= 1+idle+1 }) {
				if s.Adopted == "http" {
					adopted++
				}
				if s.Earlier != nil {
					earlier = append(earlier, *s.Earlier)
				}
			}
			if adopted != idle || len(earlier) != 1 || !reflect.DeepEqual(earlier[0].Connections, drain.Connections) || earlier[0].Took != drain.Took {
				t.Errorf("the second instance adopted %d, and was told %+v; want %d, %+v", adopted, earlier, idle, drain)
			}
			second.terminate(t) // nobody is there to tell
			second.wantStopped(t)
		})
	}
}

// After a rollout there are two drains to know of, and a later one of the same
// unit takes the place of an earlier one. They are told once.
func TestDrainsOfUnits(t *testing.T) {
	at := func(unit string, second int64) Drain { return Drain{Unit: unit, End: time.Unix(second, 0)} }
	var told []string
	h := newHandover(handoverSocket(t), slog.New(slog.DiscardHandler), askSystemd)
	h.observers = observers{{Earlier: func(d Drain) { told = append(told, fmt.Sprint(d.Unit, d.End.Unix())) }}}
	take := func(all ...Drain) {
		state, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		h.takeDrains(state)
	}
	take(at("main", 1))
	take(at("standby", 2), at("main", 1))
	take(at("main", 3), at("standby", 2))
	h.takeDrains([]byte("nonsense"))
	if got := strings.Join(told, " "); got != "main1 standby2 main3" {
		t.Errorf("told %s", got)
	}
	for i := range 2 * maxDrains {
		take(at(fmt.Sprint("unit", i), 10+int64(i)))
	}
	if len(h.drains) != maxDrains || h.drains[0].Unit != fmt.Sprint("unit", 2*maxDrains-1) {
		t.Errorf("it remembers %+v", h.drains)
	}
}

func TestUnitOf(t *testing.T) {
	tests := []struct{ name, cgroups, want string }{
		{"version 2", "0::/system.slice/myapp.service\n", "myapp.service"},
		{"an instance", "0::/system.slice/system-worker.slice/worker@a.service\n", "worker@a.service"},
		{"a group below", "0::/system.slice/myapp.service/workers\n", "myapp.service"},
		{"version 1", "12:pids:/docker/x.service\n1:name=systemd:/system.slice/myapp.service\n0::/\n", "myapp.service"},
		{"a session", "0::/user.slice/user-0.slice/session-1.scope\n", ""},
		{"of a user's manager", "0::/user.slice/user-0.slice/user@0.service/app.slice/myapp.service\n", "myapp.service"},
		{"nothing", "", ""},
		{"no group", "0::\nnonsense", ""},
	}
	for _, tt := range tests {
		if got := unitOf(tt.cgroups); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
