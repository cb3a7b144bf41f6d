package activator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// limit bounds each wait for something that is bound to happen.
const limit = 20 * time.Second

// The test binary is the program as well: with this in its environment, the one
// of programs that the file of that name names.
const asProgram = "NODROP_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if role := os.Getenv(asProgram); role != "" {
		name, _ := os.ReadFile(role)
		programs[string(name)]()
		return
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // else a program with the race detector takes a second to end
	os.Exit(m.Run())
}

// configure runs one of programs, on one TCP socket named http.
func configure(t *testing.T, program string, change func(*Config)) Config {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, dir+"/program"); err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Program: []string{dir + "/program"}, Env: []string{asProgram + "=" + dir + "/role"},
		Sockets: []Socket{{Name: "http", Network: "tcp", Address: "127.0.0.1:0"}},
	}
	role(t, cfg, program)
	if change != nil {
		change(&cfg)
	}
	return cfg
}

// become has the next instance be another one of programs.
func (s *started) become(program string) {
	s.t.Helper()
	role(s.t, s.Config, program)
}

func role(t *testing.T, cfg Config, program string) {
	t.Helper()
	file, _ := strings.CutPrefix(cfg.Env[0], asProgram+"=")
	if err := os.WriteFile(file, []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
}

// started is an activator at work.
type started struct {
	*Activator
	t           *testing.T
	stop        func()   // ends the context of Run
	ended       chan int // the status
	finished    chan struct{}
	output      *os.File // of the program
	descriptors []string // of this process, before

	mu     sync.Mutex
	events []Event
	more   chan struct{} // closed at the next event
}

// begin runs one of programs until the end of the test, after which nothing of it is
// left, which is checked.
func begin(t *testing.T, program string, change func(*Config)) *started {
	t.Helper()
	s := &started{t: t, ended: make(chan int, 1), finished: make(chan struct{}), more: make(chan struct{})}
	var err error
	if s.output, err = os.Create(t.TempDir() + "/output"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	cfg := configure(t, program, change)
	cfg.Stdout, cfg.Stderr = s.output, s.output
	cfg.Report = s.report
	s.descriptors = descriptors(t)
	if s.Activator, err = New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	run := s.Run
	if cfg.develops() {
		run = s.Supervise
	}
	go func() {
		s.ended <- run(ctx)
		close(s.finished)
	}()
	t.Cleanup(s.cleanUp)
	return s
}

func (s *started) cleanUp() {
	s.stop()
	select {
	case <-s.finished:
	case <-time.After(limit):
		s.t.Error("it does not end")
		s.Kill()
		<-s.finished
	}
	if err := s.Close(); err != nil {
		s.t.Error(err)
	}
	s.nothingLeft()
	if s.t.Failed() {
		s.t.Logf("events:\n%s", s.log())
		text, _ := os.ReadFile(s.output.Name())
		s.t.Logf("output of the program:\n%s", text)
	}
	s.output.Close()
}

func (s *started) nothingLeft() {
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		s.t.Errorf("left in the directory for temporary files: %v, %v", left, err)
	}
	for _, e := range s.all(Starting) {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", e.PID)); err == nil {
			s.t.Errorf("process %d is left", e.PID)
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	s.wait("descriptors are as before", func() bool { return slices.Equal(descriptors(s.t), s.descriptors) })
}

// descriptors are those of this process, but for what the runtime keeps.
func descriptors(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("this test needs /proc")
	}
	var all []string
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && !strings.Contains(to, "anon_inode:") && !strings.HasPrefix(to, "/proc") {
			all = append(all, e.Name()+" "+to)
		}
	}
	return all
}

func (s *started) report(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	close(s.more)
	s.more = make(chan struct{})
}

func (s *started) all(kind Kind) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Event
	for _, e := range s.events {
		if e.Kind == kind {
			all = append(all, e)
		}
	}
	return all
}

func (s *started) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, e := range s.events {
		fmt.Fprintf(&b, "%s %-10s %s\n", e.Time.Format("05.000"), e.Kind, e.Text)
	}
	return b.String()
}

// event waits for the nth event of a kind, from 1.
func (s *started) event(kind Kind, n int) Event {
	s.t.Helper()
	timeout := time.After(limit)
	for {
		s.mu.Lock()
		more := s.more
		s.mu.Unlock()
		if all := s.all(kind); len(all) >= n {
			return all[n-1]
		}
		select {
		case <-more:
		case <-timeout:
			s.t.Fatalf("no event %d of kind %q", n, kind)
		}
	}
}

// exits waits for Run to return.
func (s *started) exits() int {
	s.t.Helper()
	select {
	case status := <-s.ended:
		return status
	case <-time.After(limit):
		s.t.Fatal("it does not end")
		return -1
	}
}

// wait waits until something is so.
func (s *started) wait(what string, so func() bool) {
	s.t.Helper()
	for end := time.Now().Add(limit); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Errorf("it never came about that %s", what)
			return
		}
	}
}

// ask sends a line to a socket over a new connection and returns the answer.
func (s *started) ask(name, line string) string {
	s.t.Helper()
	answer, err := askAt(s.Addr(name), line)
	if err != nil {
		s.t.Fatalf("asking %s for %q: %v", name, line, err)
	}
	return answer
}

func askAt(addr net.Addr, line string) (string, error) {
	c, err := net.DialTimeout(addr.Network(), addr.String(), limit)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(limit))
	if _, err := fmt.Fprintln(c, line); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(c)
	return string(bytes.TrimSpace(answer)), err
}
