package scaffold

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite what testdata wants")

// A fixture is a module in a txtar archive; what Init shows and says of it is in the same archive. The diff makes a program that
// compiles with the library, which Init would complain of otherwise, and has nothing to do then.
func TestShapes(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			want := extract(t, dir, archive)
			diff, log := initialise(t, dir)
			got := map[string]string{"want/diff": diff, "want/log": log, "want/units": units(t, dir)}
			if *update {
				rewrite(t, path, archive, got)
			} else {
				for name, text := range got {
					if text != want[name] {
						t.Errorf("%s is\n%s\nwant\n%s", name, text, want[name])
					}
				}
			}
			before := snapshot(t, dir)
			if diff != "" {
				run(t, dir, diff, "git", "apply")
				run(t, dir, "", "gofmt", "-d", ".")
			}
			again, log := initialise(t, dir)
			if again != "" || strings.Contains(log, "wrote") || strings.Contains(log, "kept") || strings.Contains(log, "added") {
				t.Errorf("done twice, it shows %q and says\n%s", again, log)
			}
			for name, text := range snapshot(t, dir) {
				if filepath.Ext(name) != ".go" && text != before[name] {
					t.Errorf("done twice, it changed %s", name)
				}
			}
		})
	}
}

// initialise is Init with the defaults; the log is without the way to go on.
func initialise(t *testing.T, dir string) (diff, log string) {
	t.Helper()
	var out bytes.Buffer
	shown, err := Init(t.Context(), Options{Dir: dir, Yes: true, Log: &out})
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	log, _, _ = strings.Cut(out.String(), "\nNext:\n")
	return string(shown), log
}

// extract writes the files of an archive, but for those that are wanted, which it returns, with a go.mod that takes nodrop from
// this checkout and what is in stub/ from there.
func extract(t *testing.T, dir string, archive *txtar.Archive) (want map[string]string) {
	t.Helper()
	checkout, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(mod), "module github.com/nodrop/nodrop", "module example.com/app", 1) +
		"\nrequire github.com/nodrop/nodrop v0.0.0\nreplace github.com/nodrop/nodrop => " + checkout + "\n"
	want = map[string]string{}
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "want/") {
			want[f.Name] = string(f.Data)
			continue
		}
		if stub, name := filepath.Split(f.Name); strings.HasPrefix(stub, "stub/") && name == "go.mod" {
			module := strings.TrimSpace(strings.TrimPrefix(string(f.Data), "module"))
			version := "v0.0.0"
			if major := regexp.MustCompile(`/v([0-9]+)$`).FindStringSubmatch(module); major != nil {
				version = "v" + major[1] + ".0.0"
			}
			text += "require " + module + " " + version + "\nreplace " + module + " => ./" + stub + "\n"
		}
		write(t, filepath.Join(dir, f.Name), string(f.Data))
	}
	sum, err := os.ReadFile(filepath.Join(checkout, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.sum"), string(sum))
	write(t, filepath.Join(dir, "go.mod"), text)
	run(t, dir, "", "git", "init", "-q")
	run(t, dir, "", "git", "config", "user.name", "Jo Doe")
	run(t, dir, "", "git", "config", "user.email", "jo@example.org")
	return want
}

// units are the lines of the units that depend on the program.
func units(t *testing.T, dir string) string {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(dir, "packaging/*/*.s[eo]*"))
	var b strings.Builder
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("[" + filepath.Base(path) + "]\n")
		for _, line := range regexp.MustCompile(`(?m)^(Description|ExecStart|User|Wants|Strategy|Carry|Listen.*|FileDescriptorName|Service)=.*\n`).FindAllString(string(text), -1) {
			b.WriteString(line)
		}
	}
	return b.String()
}

func rewrite(t *testing.T, path string, archive *txtar.Archive, got map[string]string) {
	t.Helper()
	var files []txtar.File
	for _, f := range archive.Files {
		if !strings.HasPrefix(f.Name, "want/") {
			files = append(files, f)
		}
	}
	for _, name := range sortedKeys(got) {
		files = append(files, txtar.File{Name: name, Data: []byte(got[name])})
	}
	archive.Files = files
	write(t, path, string(txtar.Format(archive)))
}

func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if d.Name() == ".git" {
			return filepath.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			data, _ := os.ReadFile(path)
			all[path] = string(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run runs a command that has to succeed, and to say nothing if it is gofmt.
func run(t *testing.T, dir, stdin, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil || name == "gofmt" && len(out) > 0 {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
}

// The name of a program pleases dpkg, systemd and sysusers.d(5), and is nobody else's.
func TestProgramName(t *testing.T) {
	for path, want := range map[string]string{
		"example.com/shop/cmd/till":      "till",
		"example.com/shop/v2":            "shop",
		"example.com/shop/cmd/server":    "shop",
		"example.com/shop/cmd/My_Till.2": "my-till-2",
		"example.com/shop/cmd/9lives":    "lives",
		"example.com/shop/cmd/proxy":     "shop",
		"example.com/mail":               "mail-server",
	} {
		module, _, _ := strings.Cut(path, "/cmd/")
		if got := programName(module, path); got != want {
			t.Errorf("%s is called %q, want %q", path, got, want)
		}
	}
}
