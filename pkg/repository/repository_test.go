package repository

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // registers the packager "deb"
	_ "github.com/goreleaser/nfpm/v2/rpm" // registers the packager "rpm"
)

const passphrase = "only for this test"

// newKey is a throw-away key, and its file.
func newKey(t *testing.T) (Key, string) {
	t.Helper()
	entity, err := openpgp.NewEntity("A Publisher", "", "publisher@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := entity.EncryptPrivateKeys([]byte(passphrase), nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "secret.asc")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := armor.Encode(file, openpgp.PrivateKeyType, nil)
	if err == nil {
		err = entity.SerializePrivateWithoutSigning(w, nil)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	key, err := ReadKey(path, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return key, path
}

// build makes a package that holds nothing, an rpm signed by the key in a file
// unless that is "".
func build(t *testing.T, packager, version, arch, keyFile string) string {
	t.Helper()
	return buildSaying(t, "hello", packager, version, arch, keyFile)
}

// buildSaying makes one of other content.
func buildSaying(t *testing.T, what, packager, version, arch, keyFile string) string {
	t.Helper()
	p, err := nfpm.Get(packager)
	if err != nil {
		t.Fatal(err)
	}
	info := nfpm.WithDefaults(&nfpm.Info{Name: "hello", Version: version, Arch: arch, Maintainer: "A <a@example.com>", Description: "says " + what})
	info.RPM.Signature.KeyFile, info.RPM.Signature.KeyPassphrase = keyFile, passphrase
	path := filepath.Join(t.TempDir(), p.ConventionalFileName(info))
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := p.Package(info, file); err != nil {
		t.Fatal(err)
	}
	return path
}

func publish(t *testing.T, dir string, key Key, packages ...string) {
	t.Helper()
	if err := Publish(t.Context(), Options{Dir: dir, Name: "Example", Packages: packages, Key: key}); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Versions pile up, each architecture has a list of what is for it, and nothing
// is left but the repository.
func TestPublish(t *testing.T) {
	key, keyFile := newKey(t)
	t.Chdir(t.TempDir())
	const dir = "repo"
	publish(t, dir, key, build(t, "deb", "1.0.0", "amd64", ""), build(t, "rpm", "1.0.0", "amd64", keyFile))
	publish(t, dir, key, build(t, "deb", "1.1.0", "amd64", ""), build(t, "deb", "1.1.0", "arm64", ""), build(t, "deb", "1.2.0", "all", ""), build(t, "rpm", "1.1.0", "amd64", keyFile))
	publish(t, dir, key, filepath.Dir(build(t, "deb", "1.3.0", "amd64", ""))) // a directory

	versions := func(arch string) string {
		index := read(t, dir, "apt/dists/stable/main/binary-"+arch+"/Packages")
		var all []string
		for _, m := range regexp.MustCompile(`(?m)^Version: (.*)$`).FindAllStringSubmatch(index, -1) {
			all = append(all, m[1])
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	if got := versions("amd64"); got != "1.0.0 1.1.0 1.2.0 1.3.0" {
		t.Errorf("for amd64 there are %s", got)
	}
	if got := versions("arm64"); got != "1.1.0 1.2.0" {
		t.Errorf("for arm64 there are %s", got)
	}
	release := read(t, dir, "apt/dists/stable/InRelease")
	for _, want := range []string{"Origin: Example", "Label: Example", "Suite: stable", "Codename: stable", "Components: main", "Architectures: amd64 arm64", "Acquire-By-Hash: yes", "Hash: SHA"} {
		if !regexp.MustCompile("(?m)^" + want).MatchString(release) {
			t.Errorf("InRelease lacks %q:\n%s", want, release)
		}
	}
	hashes, err := filepath.Glob(filepath.Join(dir, "apt/dists/stable/main/*/by-hash/SHA256/*"))
	if err != nil || len(hashes) != 6 { // two of each of two architectures now, and amd64's two before
		t.Errorf("there are %d indexes by hash, %v", len(hashes), err)
	}
	rpms, err := filepath.Glob(filepath.Join(dir, "dnf/packages/*.rpm"))
	if err != nil || len(rpms) != 2 {
		t.Errorf("rpms: %v, %v", rpms, err)
	}
	if !strings.Contains(read(t, dir, "key.asc"), "BEGIN PGP PUBLIC KEY BLOCK") {
		t.Error("key.asc is no public key")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 { // .lock, apt, dnf, key.asc
		t.Errorf("there are %v, %v", entries, err)
	}
}

// What must not be published is refused by name, and nothing of it is served.
func TestPublishRefuses(t *testing.T) {
	key, keyFile := newKey(t)
	_, foreign := newKey(t)
	dir := filepath.Join(t.TempDir(), "repo")
	publish(t, dir, key, build(t, "deb", "1.0.0", "amd64", ""))
	broken := filepath.Join(t.TempDir(), "broken.deb")
	another := read(t, buildSaying(t, "goodbye", "deb", "1.0.0", "amd64", ""))
	other := filepath.Join(t.TempDir(), "hello_1.0.0_amd64.deb")
	renamed := filepath.Join(t.TempDir(), "hello_1.0.0_linux_amd64.deb")
	note := filepath.Join(t.TempDir(), "note.txt")
	for file, text := range map[string]string{broken: "!<arch>\n", other: another, renamed: another, note: "note"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fresh := build(t, "deb", "1.0.9", "amd64", "") // nothing is wrong with it
	before := read(t, dir, "apt/dists/stable/InRelease")
	tests := []struct{ name, pkg, want string }{
		{"an rpm without a signature", build(t, "rpm", "1.0.0", "amd64", ""), "is not signed by this key"},
		{"an rpm of somebody else's", build(t, "rpm", "1.0.0", "amd64", foreign), "is not signed by this key"},
		{"another package of the same version", other, "was published before with other content"},
		{"the same, by another name", renamed, "hello_1.0.0_amd64.deb was published before with other content"},
		{"no package", note, "neither a .deb nor a .rpm"},
		{"an empty directory", t.TempDir(), "there is no .deb or .rpm in"},
		{"a deb that is none", broken, "is not a deb that can be read"},
	}
	for _, tt := range tests {
		err := Publish(t.Context(), Options{Dir: dir, Packages: []string{fresh, tt.pkg}, Key: key})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	if read(t, dir, "apt/dists/stable/InRelease") != before {
		t.Error("another InRelease is served")
	}
	if pool, err := os.ReadDir(filepath.Join(dir, "apt/pool")); err != nil || len(pool) != 1 {
		t.Errorf("in the pool are %v (%v): what was refused is in the way of the next time", pool, err)
	}
	publish(t, dir, key, build(t, "deb", "1.1.0", "amd64", ""), build(t, "rpm", "1.0.0", "amd64", keyFile))
}

func TestReadKeyRefuses(t *testing.T) {
	_, path := newKey(t)
	if _, err := ReadKey(path, "wrong"); err == nil || !strings.Contains(err.Error(), "passphrase") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if _, err := ReadKey(filepath.Join(t.TempDir(), "none"), ""); err == nil {
		t.Error("there is no such file")
	}
	public := filepath.Join(t.TempDir(), "key.asc")
	key, _ := newKey(t)
	text, err := key.public()
	if err == nil {
		err = os.WriteFile(public, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(public, ""); err == nil || !strings.Contains(err.Error(), "does not hold one secret PGP key") {
		t.Errorf("a public key: %v", err)
	}
}

// Whoever reads while others publish gets a signed list whose parts are there, and
// are what it says.
func TestReadersSeeWholeRepositories(t *testing.T) {
	key, keyFile := newKey(t)
	dir := filepath.Join(t.TempDir(), "repo")
	publish(t, dir, key, build(t, "deb", "1.0.0", "amd64", ""), build(t, "rpm", "1.0.0", "amd64", keyFile))
	web := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer web.Close()

	stop := make(chan struct{})
	var readers sync.WaitGroup
	reads := [2]int{}
	for i, check := range []func(string, Key) error{checkApt, checkDnf} {
		readers.Go(func() {
			for {
				if err := check(web.URL, key); err != nil {
					t.Error(err)
				}
				reads[i]++
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond): // to leave the other side some time
				}
			}
		})
	}
	for n := range 4 {
		version := fmt.Sprintf("1.1.%d", n)
		publish(t, dir, key, build(t, "deb", version, "amd64", ""), build(t, "rpm", version, "amd64", keyFile))
	}
	close(stop)
	readers.Wait()
	t.Logf("%d reads by apt's way, %d by dnf's", reads[0], reads[1])
	if reads[0] < 6 || reads[1] < 6 {
		t.Error("too few reads to see anything")
	}
}

// Where directories cannot be exchanged, the files that name others come last.
func TestPlaceEach(t *testing.T) {
	staged, data := t.TempDir(), filepath.Join(t.TempDir(), "repodata")
	for _, name := range []string{"repomd.xml.asc", "zz-primary.xml.gz", "repomd.xml"} {
		if err := os.WriteFile(filepath.Join(staged, name), []byte("new"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(staged)
	if err != nil {
		t.Fatal(err)
	}
	if err := placeEach(files, staged, data); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, file := range files {
		order = append(order, file.Name())
		if read(t, data, file.Name()) != "new" {
			t.Errorf("%s is not there", file.Name())
		}
	}
	if !slices.Equal(order, []string{"zz-primary.xml.gz", "repomd.xml.asc", "repomd.xml"}) {
		t.Errorf("placed in the order %v", order)
	}
}

func get(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

func getAs(url, hash string) ([]byte, error) {
	data, err := get(url)
	if sum := sha256.Sum256(data); err == nil && hex.EncodeToString(sum[:]) != hash {
		err = fmt.Errorf("%s is not what it should be", url)
	}
	return data, err
}

// checkApt reads InRelease, the indexes that it names by hash, and the packages.
func checkApt(url string, key Key) error {
	inRelease, err := get(url + "/apt/dists/stable/InRelease")
	if err != nil {
		return err
	}
	block, _ := clearsign.Decode(inRelease)
	if block == nil {
		return fmt.Errorf("InRelease is not signed")
	}
	if _, err := block.VerifySignature(openpgp.EntityList{key.entity}, nil); err != nil {
		return err
	}
	indexes := regexp.MustCompile(`(?m)^ ([0-9a-f]{64}) +\d+ (main/\S+)/Packages$`).FindAllSubmatch(block.Plaintext, -1)
	if len(indexes) == 0 {
		return fmt.Errorf("InRelease names no index:\n%s", block.Plaintext)
	}
	for _, index := range indexes {
		list, err := getAs(fmt.Sprintf("%s/apt/dists/stable/%s/by-hash/SHA256/%s", url, index[2], index[1]), string(index[1]))
		if err != nil {
			return err
		}
		for stanza := range strings.SplitSeq(strings.TrimSpace(string(list)), "\n\n") {
			if _, err := getAs(url+"/apt/"+field(stanza, "Filename"), field(stanza, "SHA256")); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkDnf does what dnf does. The signature is a file of its own, and may be of the
// next publication: then the next try has to find the right one.
func checkDnf(url string, key Key) error {
	err := errSignature
	for try := 0; try < 3 && errors.Is(err, errSignature); try++ {
		err = checkDnfOnce(url, key)
	}
	return err
}

var errSignature = errors.New("the signature of repomd.xml does not fit")

// checkDnfOnce reads repomd.xml, its signature, the indexes that it names, and the
// packages.
func checkDnfOnce(url string, key Key) error {
	repomd, err := get(url + "/dnf/repodata/repomd.xml")
	if err != nil {
		return err
	}
	signature, err := get(url + "/dnf/repodata/repomd.xml.asc")
	if err != nil {
		return err
	}
	if _, err := openpgp.CheckArmoredDetachedSignature(openpgp.EntityList{key.entity}, bytes.NewReader(repomd), bytes.NewReader(signature), nil); err != nil {
		return errSignature
	}
	var list struct {
		Data []struct {
			Type     string `xml:"type,attr"`
			Checksum string `xml:"checksum"`
			Location struct {
				Href string `xml:"href,attr"`
			} `xml:"location"`
		} `xml:"data"`
	}
	if err := xml.Unmarshal(repomd, &list); err != nil {
		return err
	}
	primary := []byte(nil)
	for _, d := range list.Data {
		data, err := getAs(url+"/dnf/"+d.Location.Href, d.Checksum)
		if err != nil {
			return err
		}
		if d.Type == "primary" {
			primary = data
		}
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(primary))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(unpacked)
	if err != nil {
		return err
	}
	packages := regexp.MustCompile(`href="(packages/[^"]+)"`).FindAllSubmatch(text, -1)
	if len(packages) == 0 {
		return fmt.Errorf("primary.xml names no package:\n%s", text)
	}
	for _, pkg := range packages {
		if _, err := get(url + "/dnf/" + string(pkg[1])); err != nil {
			return err
		}
	}
	return nil
}
