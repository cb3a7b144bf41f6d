package activator

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// save writes a file as an editor does: to another one, which it renames.
func save(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+"~", []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
}

// replace makes the program's file a new one.
func (s *started) replace() {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.Symlink(self, s.Program[0]+".new"); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(s.Program[0]+".new", s.Program[0]); err != nil {
		s.t.Fatal(err)
	}
}

// answers waits until the instance of the nth ready event is the one that
// answers. The one before may answer meanwhile, or be cut off: it does not drain.
func (s *started) answers(n int) {
	s.t.Helper()
	want := strconv.Itoa(s.event(Ready, n).PID)
	s.wait("the latest process answers", func() bool {
		pid, err := askAt(s.Addr("http"), "pid")
		return err == nil && pid == want
	})
}

// A program's file that changes is a rollout; one that is no good is not.
func TestWatchProgram(t *testing.T) {
	s := begin(t, "talker", func(c *Config) { c.Watch = []string{""} })
	s.answers(1)
	s.replace()
	s.answers(2)

	save(t, s.Program[0], "garbage")
	if text := s.event(Failed, 1).Text; !strings.Contains(text, "could not be executed: exec: exec format error") {
		t.Error(text)
	}
	s.answers(2)
	os.Remove(s.Program[0]) // nothing happens
	s.replace()
	s.answers(3)
	syscall.Kill(os.Getpid(), syscall.SIGHUP)
	s.answers(4)
	if n := len(s.all(Starting)); n != 5 {
		t.Errorf("%d starts, want 5:\n%s", n, s.log())
	}
}

// source is a program that a build makes of the role in the file source.
func source(t *testing.T, build string, change func(*Config)) (s *started, file string) {
	dir := t.TempDir()
	file = filepath.Join(dir, "source")
	save(t, file, "talker")
	s = begin(t, "talker", func(c *Config) {
		role := strings.TrimPrefix(c.Env[0], asProgram+"=")
		// The program lies where the sources are, and is made anew each time.
		made := filepath.Join(dir, "program")
		c.Build = strings.NewReplacer("SOURCE", file, "ROLE", role, "PROGRAM", made, "REAL", c.Program[0]).Replace(build)
		c.Program = []string{made}
		c.Watch = []string{dir}
		if change != nil {
			change(c)
		}
	})
	return s, file
}

// slowBuild does not end when the source says so.
const slowBuild = `cp SOURCE ROLE; grep -q slow SOURCE && { touch ROLE.slow; sleep 600; exit 1; }; ln -sf $(readlink REAL) PROGRAM`

// isSlow waits until slowBuild does not end.
func (s *started) isSlow() {
	s.t.Helper()
	file := strings.TrimPrefix(s.Env[0], asProgram+"=") + ".slow"
	s.wait("the build runs", func() bool { _, err := os.Stat(file); return err == nil })
}

const goodBuild = `grep -q . SOURCE && ! grep broken SOURCE && cp SOURCE ROLE && ln -sf $(readlink REAL) PROGRAM`

// A change to the sources builds and rolls out; a build or a start that fails
// leaves the old one serving.
func TestBuild(t *testing.T) {
	s, file := source(t, goodBuild, nil)
	s.answers(1)
	save(t, file, "talker")
	s.answers(2)
	save(t, file, "broken")
	if text := s.event(Failed, 1).Text; !strings.Contains(text, "the build failed: exit status 1") {
		t.Error(text)
	}
	save(t, file, "fails")
	if text := s.event(Failed, 2).Text; !strings.Contains(text, "ended with status 7 before it was ready") {
		t.Error(text)
	}
	s.answers(2)
	save(t, file, "talker")
	s.answers(3)
	// A directory that is new is watched as well, a hidden one is not.
	dir := filepath.Dir(file)
	for _, name := range []string{".git", "sub"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.answers(4)
	save(t, filepath.Join(dir, "sub", "more"), "")
	s.answers(5)
	save(t, filepath.Join(dir, ".git", "index"), "")
	save(t, filepath.Join(dir, ".source.swp"), "")
	save(t, filepath.Join(dir, "came-and-went"), "")
	os.Remove(filepath.Join(dir, "came-and-went"))
	save(t, file, "talker")
	s.answers(6)
	if n := len(s.all(Building)); n != 8 {
		t.Errorf("%d builds, want 8:\n%s", n, s.log())
	}
}

// The first build may fail: the sockets are open, and a change mends it.
func TestFirstBuildFails(t *testing.T) {
	s, file := source(t, "! grep broken SOURCE && "+goodBuild, func(c *Config) { c.Build = "test -e " + c.Program[0] + ".ok && " + c.Build })
	s.event(Failed, 1)
	save(t, filepath.Join(filepath.Dir(file), "program.ok"), "")
	s.answers(1)
}

// Saving twice in a row: a build, and a start, that the second change comes too
// late for ends; the last one wins.
func TestSaveTwice(t *testing.T) {
	s, file := source(t, slowBuild, nil)
	s.answers(1)
	save(t, file, "slow")
	s.isSlow()
	save(t, file, "hangs")
	s.event(Starting, 2)
	s.event(Status, 2)
	save(t, file, "talker")
	s.answers(2)
	if n := len(s.all(Failed)); n > 0 {
		t.Errorf("something failed:\n%s", s.log())
	}
}

// An end in the middle of a build, and in the middle of a rollout.
func TestStopInTheMiddle(t *testing.T) {
	for _, text := range []string{"slow", "hangs"} {
		t.Run(text, func(t *testing.T) {
			s, file := source(t, slowBuild, nil)
			s.answers(1)
			save(t, file, text)
			if text == "slow" {
				s.isSlow()
			} else {
				s.event(Status, 2)
			}
			began := time.Now()
			syscall.Kill(os.Getpid(), syscall.SIGINT)
			if status := s.exits(); status != 128+int(syscall.SIGTERM) {
				t.Errorf("status %d", status)
			}
			if took := time.Since(began); took > limit/2 {
				t.Errorf("it took %s", took)
			}
		})
	}
}
