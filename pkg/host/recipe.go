package host

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// suites are the Debian releases a host can have, with the systemd they carry.
func suites() []string {
	return []string{
		"bullseye", // 247
		"bookworm", // 252
		"trixie",   // 257
		"sid",      // newest
	}
}

// A recipe is all that determines a root: a root made from an equal recipe need
// not be made again.
type recipe struct {
	Suite    string
	Packages []string          // beyond debootstrap's minbase, sorted
	Files    map[string]string // text by absolute path; replaces what a package put there
	Masked   []string          // units that never start
	Emptied  []string          // directories whose content is removed
	Split    bool              // /lib is apart from /usr/lib
}

// newRecipe describes a root of suite with extra packages.
func newRecipe(suite string, extra []string) (recipe, error) {
	if !slices.Contains(suites(), suite) {
		return recipe{}, fmt.Errorf("no Debian release %q known: use one of %s", suite, strings.Join(suites(), ", "))
	}
	packages := append([]string{
		"systemd", "systemd-sysv", "dbus", "init", "init-system-helpers",
		"apt", "apt-utils", // apt-ftparchive makes the repository inside
		"procps", "iproute2", "curl", // for those who look closer
	}, extra...)
	slices.Sort(packages)
	return recipe{
		Suite:    suite,
		Packages: slices.Compact(packages),
		Files: map[string]string{
			"/etc/hostname": hostname + "\n",
			"/etc/hosts": "127.0.0.1 localhost\n" +
				"127.0.1.1 " + hostname + "\n" +
				"::1 localhost ip6-localhost ip6-loopback\n",
			"/etc/machine-id": "", // systemd makes one for every boot
			// There is no network: the repository inside is the only source.
			"/etc/apt/sources.list":                    "",
			"/etc/apt/sources.list.d/nodrop.list":      "deb [trusted=yes] file:" + Repository + " ./\n",
			"/etc/apt/apt.conf.d/90nodrop":             "Acquire::Languages \"none\";\n",
			Repository + "/Packages":                   "",
			"/etc/systemd/journald.conf.d/nodrop.conf": "[Journal]\nRateLimitIntervalSec=0\n",
		},
		Masked: []string{
			"apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer",
			"e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "man-db.timer",
			"console-getty.service", "getty.target",
			"systemd-networkd-wait-online.service",
		},
		Emptied: []string{"/var/cache/apt/archives", "/var/lib/apt/lists"},
		// The last release of which such machines are about: upgraded ones.
		Split: suite == "bullseye",
	}, nil
}

const hostname = "nodrop"

// Repository is the directory, in a host, of Publish's repository.
const Repository = "/srv/apt"

// key names the root in the cache: the suite and a hash of the whole recipe.
func (r recipe) key() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %q\n", r.Suite, r.Packages, r.Masked, r.Emptied)
	if r.Split {
		fmt.Fprintln(h, "split")
	}
	for _, path := range slices.Sorted(maps.Keys(r.Files)) {
		fmt.Fprintf(h, "%q %q\n", path, r.Files[path])
	}
	return fmt.Sprintf("%s-%x", r.Suite, h.Sum(nil)[:6])
}

// finish turns what debootstrap made at root into the recipe's root.
func (r recipe) finish(root string) error {
	for _, dir := range r.Emptied {
		if err := os.RemoveAll(filepath.Join(root, dir)); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	for path, text := range r.Files {
		if err := replaceFile(filepath.Join(root, path), text); err != nil {
			return err
		}
	}
	for _, unit := range r.Masked {
		link := filepath.Join(root, "etc/systemd/system", unit)
		if err := os.RemoveAll(link); err != nil {
			return err
		}
		if err := os.Symlink("/dev/null", link); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile writes a new file at path, also where a link was: a link in a root
// leads into the machine's own files.
func replaceFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
