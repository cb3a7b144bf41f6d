package activator

import (
	"context"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What systemd would give to a program, it gets here.
func TestProtocol(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "/somebody/else's")
	t.Setenv("LISTEN_FDS", "7")
	t.Setenv("INVOCATION_ID", "of our own")
	t.Setenv("COLOUR", "red")
	dir := t.TempDir()
	s := begin(t, "talker", func(c *Config) {
		c.Sockets = append(c.Sockets, Socket{Name: "admin", Network: "unix", Address: dir + "/a/b/admin.sock", Mode: 0o600})
		c.Env = append(c.Env, "COLOUR=blue")
		c.Dir = dir
		c.Watchdog = time.Hour
	})
	ready := s.event(Ready, 1)
	if !strings.HasSuffix(ready.Text, "is ready: talking") {
		t.Errorf("ready event: %q", ready.Text)
	}
	pid := strconv.Itoa(ready.PID)
	for question, want := range map[string]string{
		"pid": pid, "directory": dir, "input": "0 EOF",
		"env LISTEN_PID": pid, "env LISTEN_FDS": "2", "env LISTEN_FDNAMES": "http:admin",
		"env WATCHDOG_PID": pid, "env WATCHDOG_USEC": "3600000000",
		"env COLOUR": "blue", "env INVOCATION_ID": "",
		"env NOTIFY_SOCKET": s.dir + "/notify-1",
	} {
		for _, socket := range []string{"http", "admin"} {
			if got := s.ask(socket, question); got != want {
				t.Errorf("%s: %s is %q, want %q", socket, question, got, want)
			}
		}
	}
	if info, err := os.Stat(dir + "/a/b/admin.sock"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the Unix socket: %v, %v", info.Mode(), err)
	}
	s.stop()
	if status := s.exits(); status != 128+int(syscall.SIGTERM) {
		t.Errorf("status %d", status)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir + "/a/b/admin.sock"); !os.IsNotExist(err) {
		t.Errorf("the Unix socket is left: %v", err)
	}
}

// A rollout replaces the process, and returns when the old one is gone.
func TestRollout(t *testing.T) {
	s := begin(t, "talker", nil)
	old := s.event(Ready, 1).PID
	if err := s.Rollout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stopped := s.all(Stopped); len(stopped) != 1 || stopped[0].PID != old {
		t.Errorf("stopped: %v, want process %d", stopped, old)
	}
	if got, want := s.ask("http", "pid"), strconv.Itoa(s.event(Ready, 2).PID); got != want {
		t.Errorf("process %s answers, want %s", got, want)
	}
}

// A new instance that fails leaves the old one alone, and the error says why.
func TestBadRollout(t *testing.T) {
	for _, tt := range []struct{ program, says string }{
		{"fails", "ended with status 7 before it was ready"},
		{"succeeds", "ended with status 0 before it was ready"},
		{"hangs", "was not ready within 2s (it said last: waiting for godot)"},
	} {
		t.Run(tt.program, func(t *testing.T) {
			s := begin(t, "talker", func(c *Config) { c.StartTimeout = 2 * time.Second })
			old := s.event(Ready, 1).PID
			s.become(tt.program)
			err := s.Rollout(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.HasSuffix(err.Error(), "process "+strconv.Itoa(old)+" serves on") {
				t.Errorf("error %v, want one with %q", err, tt.says)
			}
			if got := s.ask("http", "pid"); got != strconv.Itoa(old) {
				t.Errorf("process %s answers, want the old one, %d", got, old)
			}
			s.become("talker")
			if err := s.Rollout(t.Context()); err != nil {
				t.Errorf("a good one after it: %v", err)
			}
		})
	}
}

// A program that is gone or cannot be executed is a failed rollout like any
// other.
func TestProgramIsGone(t *testing.T) {
	s := begin(t, "talker", nil)
	old := s.event(Ready, 1).PID
	file := s.Program[0]
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := s.Rollout(t.Context()); err == nil || !strings.Contains(err.Error(), "no such file or directory") {
		t.Errorf("it is gone: %v", err)
	}
	if err := os.WriteFile(file, []byte("garbage"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.Rollout(t.Context()); err == nil || !strings.Contains(err.Error(), "could not be executed: exec: exec format error") {
		t.Errorf("it is garbage: %v", err)
	}
	if got := s.ask("http", "pid"); got != strconv.Itoa(old) {
		t.Errorf("process %s answers, want %d", got, old)
	}
}

// A later rollout takes the place of one that is not ready.
func TestRolloutTwice(t *testing.T) {
	s := begin(t, "talker", nil)
	s.event(Ready, 1)
	s.become("hangs")
	first := make(chan error, 1)
	go func() { first <- s.Rollout(context.Background()) }()
	s.event(Status, 2) // it hangs now
	s.become("talker")
	if err := s.Rollout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-first; err != errSuperseded {
		t.Errorf("the first one: %v", err)
	}
	s.event(Stopped, 2) // its instance is gone, as is the one that served
	if got, want := s.ask("http", "pid"), strconv.Itoa(s.event(Ready, 2).PID); got != want {
		t.Errorf("process %s answers, want %s", got, want)
	}
}

// Where two instances must never run at once, the old one goes first.
func TestExclusive(t *testing.T) {
	s := begin(t, "talker", func(c *Config) { c.Exclusive = true })
	s.event(Ready, 1)
	if err := s.Rollout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stopped, starting := s.event(Stopped, 1), s.event(Starting, 2); starting.Time.Before(stopped.Time) {
		t.Errorf("two ran at once:\n%s", s.log())
	}
}

// The status of a program that ends by itself is Run's, and so is that of one
// that never was ready.
func TestStatus(t *testing.T) {
	for program, want := range map[string]int{"fails": 7, "succeeds": 0} {
		if got := begin(t, program, nil).exits(); got != want {
			t.Errorf("%s: status %d, want %d", program, got, want)
		}
	}
	s := begin(t, "talker", nil)
	s.event(Ready, 1)
	s.ask("http", "exit 0")
	if got := s.exits(); got != 0 {
		t.Errorf("an end with 0: status %d", got)
	}
	s = begin(t, "talker", func(c *Config) { c.Restart = Never })
	s.event(Ready, 1)
	s.ask("http", "exit 3")
	if got := s.exits(); got != 3 {
		t.Errorf("a crash that is not to be mended: status %d", got)
	}
	s = begin(t, "talker", func(c *Config) { c.Program = []string{"/no/such/program"} })
	if got := s.exits(); got != exitExec {
		t.Errorf("no program: status %d", got)
	}
}

// After a crash the program starts again; connections wait meanwhile.
func TestCrash(t *testing.T) {
	s := begin(t, "talker", nil)
	for n := 1; n <= 3; n++ {
		s.event(Ready, n)
		s.ask("http", "exit 3")
		s.ask("http", "pid") // answered by the next
	}
	crashed, again := s.all(Crashed), s.all(Restarting)
	if len(crashed) != 3 || *crashed[0].Status != 3 {
		t.Errorf("crashes: %+v", crashed)
	}
	for i, want := range []string{"100ms", "200ms", "400ms"} {
		if !strings.Contains(again[i].Text, want) {
			t.Errorf("restart %d: %s, want after %s", i, again[i].Text, want)
		}
	}
}

// Failing again and again after having served, it is tried again and again.
func TestCrashLoop(t *testing.T) {
	s := begin(t, "talker", func(c *Config) { c.RestartDelay = time.Millisecond })
	s.event(Ready, 1)
	s.become("fails")
	s.ask("http", "exit 1")
	s.event(Failed, 4)
	s.stop()
	if status := s.exits(); status != 7 {
		t.Errorf("status %d", status)
	}
}

// What a process leaves behind in its group is ended.
func TestChildrenEnd(t *testing.T) {
	s := begin(t, "talker", nil)
	s.event(Ready, 1)
	answer := strings.Fields(s.ask("http", "fork"))
	if len(answer) != 2 || answer[0] != "<nil>" {
		t.Fatalf("starting a child: %v", answer)
	}
	pid, _ := strconv.Atoi(answer[1])
	s.ask("http", "exit 1")
	s.event(Crashed, 1)
	s.wait("the child is gone", func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH })
}

// A program that does not end gets SIGKILL, after its time or at a second word.
func TestStubborn(t *testing.T) {
	s := begin(t, "stubborn", func(c *Config) { c.StopTimeout = 100 * time.Millisecond })
	s.event(Ready, 1)
	s.stop()
	if status := s.exits(); status != 128+9 {
		t.Errorf("after its time: status %d", status)
	}
	if text := s.event(Crashed, 1).Text; !strings.Contains(text, "did not end within 100ms, and was killed by SIGKILL") {
		t.Error(text)
	}
	s = begin(t, "stubborn", nil)
	s.event(Ready, 1)
	s.stop()
	s.event(Draining, 1)
	s.Kill()
	if status := s.exits(); status != 128+9 {
		t.Errorf("killed: status %d", status)
	}
}

// A program that notifies nobody counts as ready after a while, but not once it
// is known to notify.
func TestSilent(t *testing.T) {
	s := begin(t, "silent", nil)
	if note := s.event(Note, 1); !strings.Contains(note.Text, "does not say when it is ready") {
		t.Error(note.Text)
	}
	if took := s.event(Ready, 1).Time.Sub(s.event(Starting, 1).Time); took < settleTime {
		t.Errorf("ready after %s", took)
	}
	if err := s.Rollout(t.Context()); err != nil {
		t.Error(err)
	}

	s = begin(t, "talker", func(c *Config) { c.StartTimeout = settleTime + time.Second })
	s.event(Ready, 1)
	s.become("silent")
	if err := s.Rollout(t.Context()); err == nil || !strings.Contains(err.Error(), "was not ready within 4s") {
		t.Errorf("a talker that fell silent: %v", err)
	}
}

// Type=exec: executed is ready.
func TestExec(t *testing.T) {
	s := begin(t, "silent", func(c *Config) { c.Type = Exec })
	if took := s.event(Ready, 1).Time.Sub(s.event(Starting, 1).Time); took >= settleTime {
		t.Errorf("ready after %s", took)
	}
	s.ask("http", "pid")
}

// A watchdog that is not fed ends the process by SIGABRT, and it starts again.
func TestWatchdog(t *testing.T) {
	s := begin(t, "talker", func(c *Config) { c.Watchdog = 2 * time.Second })
	first := s.event(Ready, 1)
	// Fed, it lives.
	for until := time.Now().Add(3 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		s.ask("http", "notify WATCHDOG=1")
	}
	if n := len(s.all(Failed)); n > 0 {
		t.Errorf("though fed: %s", s.log())
	}
	if text := s.event(Crashed, 1).Text; !strings.Contains(text, "sent no WATCHDOG=1 for 2s, and ended with status 2") { // Go's status after SIGABRT
		t.Error(text)
	}
	if next := s.event(Ready, 2); next.PID == first.PID {
		t.Error("the same process")
	}
	s.ask("http", "notify WATCHDOG=trigger")
	if text := s.event(Crashed, 2).Text; !strings.Contains(text, "asked for its watchdog") {
		t.Error(text)
	}
}

// Notifications are believed from the program's own process only, unless told
// otherwise.
func TestAccess(t *testing.T) {
	s := begin(t, "children", func(c *Config) { c.Type = Notify; c.StartTimeout = 2 * time.Second })
	if note := s.event(Note, 1); !strings.Contains(note.Text, "was not believed") {
		t.Error(note.Text)
	}
	if s.exits() == 0 {
		t.Errorf("it was believed:\n%s", s.log())
	}
	begin(t, "children", func(c *Config) { c.Type = Notify; c.Access = All }).event(Ready, 1)
}

// Lazy: the first connection starts the program, and so does one after it has
// ended of its own will.
func TestLazy(t *testing.T) {
	s := begin(t, "talker", func(c *Config) { c.Lazy = true })
	s.event(Waiting, 1)
	if n := len(s.all(Starting)); n > 0 {
		t.Error("it was started at once")
	}
	s.ask("http", "pid")
	s.ask("http", "exit 0")
	s.event(Waiting, 2)
	s.ask("http", "exit 5") // a crash
	s.ask("http", "pid")
	if starting, crashed := s.all(Starting), s.all(Crashed); len(starting) != 3 || len(crashed) != 1 {
		t.Errorf("%d starts, %d crashes", len(starting), len(crashed))
	}
	s.stop()
	s.exits()

	s = begin(t, "talker", func(c *Config) { c.Lazy = true })
	s.event(Waiting, 1)
	s.stop()
	if status := s.exits(); status != 0 || len(s.all(Starting)) > 0 {
		t.Errorf("never started: status %d", status)
	}
}

// A rollout starts a lazy program that waits.
func TestLazyRollout(t *testing.T) {
	s := begin(t, "talker", func(c *Config) { c.Lazy = true })
	s.event(Waiting, 1)
	if err := s.Rollout(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.ask("http", "pid")
	if n := len(s.all(Starting)); n != 1 {
		t.Errorf("%d starts", n)
	}
}

// While somebody works on a program, a failed start is mended by a rollout.
func TestFailedStartIsMended(t *testing.T) {
	s := begin(t, "fails", func(c *Config) { c.Watch = []string{""} })
	s.event(Waiting, 1)
	s.become("talker")
	if err := s.Rollout(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.ask("http", "exit 0")
	s.event(Waiting, 2)
}

// Being told to stop ends a start as well.
func TestStopWhileStarting(t *testing.T) {
	s := begin(t, "hangs", nil)
	s.event(Status, 1)
	s.stop()
	if status := s.exits(); status != 128+int(syscall.SIGTERM) {
		t.Errorf("status %d", status)
	}
	if n := len(s.all(Failed)); n > 0 {
		t.Errorf("being told to stop is no failure:\n%s", s.log())
	}
	if err := s.Rollout(t.Context()); err != errStopped {
		t.Errorf("a rollout after the end: %v", err)
	}
}

func TestSignal(t *testing.T) {
	s := begin(t, "talker", nil)
	s.event(Ready, 1)
	s.Signal(syscall.SIGQUIT) // Go prints where it is and exits with 2
	if text := s.event(Crashed, 1).Text; !strings.Contains(text, "status 2") {
		t.Error(text)
	}
}

// Whoever asks for a barrier is told when all that it sent was read.
func TestBarrier(t *testing.T) {
	s := begin(t, "talker", nil)
	s.event(Ready, 1)
	if got := s.ask("http", "barrier"); got != "EOF" {
		t.Errorf("the barrier: %s", got)
	}
}
