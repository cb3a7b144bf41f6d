package rehearse

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/nodrop/nodrop/pkg/host"
)

// fetch downloads a package from the apt sources into the host's repository, with what it
// depends on that the host has not. A name with a slash is a file, of which only the
// dependencies are fetched. Nothing may have been installed in the host before.
func fetch(ctx context.Context, h *host.Host, suite string, log io.Writer, name string) error {
	root, err := host.Root(ctx, host.Options{Suite: suite})
	if err != nil {
		return err
	}
	apt := aptGet{host: h, root: root, log: log}
	install := []string{"--download-only", "--no-install-recommends", "-y", "install", name}
	if release() == suite && indexed() {
		if err := apt.run(ctx, install...); err != nil {
			return fmt.Errorf("downloading %s from this machine's apt sources, as its last apt-get update saw them: %w", name, err)
		}
		return h.Publish(ctx)
	}
	if err := apt.debian(ctx, suite); err != nil {
		return fmt.Errorf("naming Debian's sources for apt: %w", err)
	}
	// Without an index first: a package that depends on nothing special needs no network.
	quiet := apt
	quiet.log = io.Discard
	if err := quiet.run(ctx, install...); err == nil {
		return h.Publish(ctx)
	}
	for _, args := range [][]string{{"update"}, install} {
		if err := apt.run(ctx, args...); err != nil {
			return fmt.Errorf("downloading %s from Debian's %s: %w", name, suite, err)
		}
	}
	return h.Publish(ctx)
}

// aptGet runs this machine's apt-get for the packages of a host.
type aptGet struct {
	host    *host.Host
	root    string // that of the host
	log     io.Writer
	options []string
}

func (a *aptGet) run(ctx context.Context, args ...string) error {
	options := append([]string{
		"-q",
		// apt takes the real path of the host's own file for this machine's.
		"-o", "Dir::State::status=" + filepath.Join(a.root, "var/lib/dpkg/status"),
		"-o", "Dir::Cache::archives=" + a.host.Path(host.Repository) + "/",
		"-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", // they are of this machine's packages
		"-o", "Debug::NoLocking=1", // nothing of this machine's is changed
		"-o", "APT::Sandbox::User=root", // _apt cannot write to the host
	}, a.options...)
	cmd := exec.CommandContext(ctx, "apt-get", append(options, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	var errs strings.Builder
	cmd.Stdout, cmd.Stderr = a.log, io.MultiWriter(a.log, &errs)
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%w: it takes a machine with apt", err)
	}
	if err != nil {
		return fmt.Errorf("apt-get: %w: %s", err, strings.TrimSpace(errs.String()))
	}
	return nil
}

// debian has apt-get take Debian's own sources for suite, and keep their index in the host.
func (a *aptGet) debian(ctx context.Context, suite string) error {
	list := sources(suite, a.host.Path("/usr/share/keyrings/debian-archive-keyring.gpg"))
	if err := a.host.WriteFile(ctx, staging+"sources.list", []byte(list), 0o644); err != nil {
		return err
	}
	if _, err := a.host.Run(ctx, "mkdir", "-p", staging+"lists/partial"); err != nil {
		return err
	}
	a.options = []string{
		"-o", "Dir::Etc::sourcelist=" + a.host.Path(staging+"sources.list"),
		"-o", "Dir::Etc::sourceparts=/dev/null",
		"-o", "Dir::Etc::preferences=/dev/null", "-o", "Dir::Etc::preferencesparts=/dev/null",
		"-o", "Dir::State::lists=" + a.host.Path(staging+"lists") + "/",
		"-o", "Acquire::Languages=none", "-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
	}
	return nil
}

// sources are the lines of sources.list(5) for a release of Debian.
func sources(suite, keyring string) string {
	line := func(where string) string {
		return fmt.Sprintf("deb [signed-by=%s] http://deb.debian.org/%s main\n", keyring, where)
	}
	text := line("debian " + suite)
	if suite != "sid" { // where there is nothing but the latest
		text += line("debian-security " + suite + "-security")
	}
	return text
}

// indexed tells whether this machine's apt has an index of packages, as after apt-get update.
func indexed() bool {
	files, _ := filepath.Glob("/var/lib/apt/lists/*_Packages*")
	return len(files) > 0
}

// release is the codename of this machine's release of Debian, "" if it is another system.
func release() string {
	file, err := os.Open("/etc/os-release")
	if err != nil {
		return ""
	}
	defer file.Close()
	return codename(file)
}

// codename reads it from the text of os-release(5).
func codename(text io.Reader) string {
	values := map[string]string{}
	for lines := bufio.NewScanner(text); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "=")
		values[name] = strings.Trim(value, `"'`)
	}
	if values["ID"] != "debian" {
		return ""
	}
	return values["VERSION_CODENAME"]
}
