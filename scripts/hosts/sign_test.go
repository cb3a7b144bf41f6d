package hosts

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/nodrop/nodrop/scripts/lab"
)

// Whoever installs a signed package can check it by the distribution's own means, and these find a changed byte.
func TestSigned(t *testing.T) {
	key := newKey(t)
	t.Setenv("SIGNING_KEY", key.secret)
	t.Setenv("NFPM_PASSPHRASE", passphrase)
	for packager, verify := range map[string]func(*testing.T, signer, string) (string, error){"deb": debsig, "rpm": rpmkeys} {
		t.Run(packager, func(t *testing.T) {
			path, err := built.lab.Package(t.Context(), lab.Release{Version: "1.0.0"}, packager)
			if err != nil {
				t.Fatal(err)
			}
			if out, err := verify(t, key, path); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)*3/4] ^= 1
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := verify(t, key, path); err == nil {
				t.Errorf("a changed byte is not noticed:\n%s", out)
			}
		})
	}
}

// An unsigned package is none of a signed repository's.
func TestUnsigned(t *testing.T) {
	key := newKey(t)
	if out, err := debsig(t, key, deb(t, lab.Release{Version: "1.0.0"})); err == nil {
		t.Errorf("debsig-verify takes an unsigned deb:\n%s", out)
	}
	if out, err := rpmkeys(t, key, rpm(t, lab.Release{Version: "1.0.0"})); err == nil {
		t.Errorf("rpmkeys takes an unsigned rpm:\n%s", out)
	}
}

const passphrase = "only for this test"

// signer is a throw-away key, in files.
type signer struct{ dir, id, secret string }

func newKey(t *testing.T) signer {
	t.Helper()
	entity, err := openpgp.NewEntity("A Publisher", "", "publisher@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	save := func(name, kind string, write func(*bytes.Buffer) error) string {
		var plain, armored bytes.Buffer
		err := write(&plain)
		if err == nil && kind != "" {
			w, werr := armor.Encode(&armored, kind, nil)
			if werr == nil {
				_, werr = w.Write(plain.Bytes())
			}
			if werr == nil {
				werr = w.Close()
			}
			plain, err = armored, werr
		}
		path := filepath.Join(dir, name)
		if err == nil {
			err = os.WriteFile(path, plain.Bytes(), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	public := func(b *bytes.Buffer) error { return entity.Serialize(b) }
	save("public.gpg", "", public)
	save("public.asc", openpgp.PublicKeyType, public)
	if err := entity.EncryptPrivateKeys([]byte(passphrase), nil); err != nil {
		t.Fatal(err)
	}
	secret := save("secret.asc", openpgp.PrivateKeyType, func(b *bytes.Buffer) error { return entity.SerializePrivateWithoutSigning(b, nil) })
	return signer{dir, entity.PrimaryKey.KeyIdString(), secret}
}

// debsig checks a deb's signature by debsig-verify(1), with a policy that wants that of the key.
func debsig(t *testing.T, key signer, path string) (string, error) {
	t.Helper()
	policies, keyrings := filepath.Join(key.dir, "policies"), filepath.Join(key.dir, "keyrings")
	for _, dir := range []string{policies, keyrings} {
		if err := os.MkdirAll(filepath.Join(dir, key.id), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	install(t, filepath.Join(key.dir, "public.gpg"), filepath.Join(keyrings, key.id, "public.gpg"))
	required := fmt.Sprintf(`<Required Type="origin" File="public.gpg" id="%s"/>`, key.id)
	policy := fmt.Sprintf(`<?xml version="1.0"?>
<!DOCTYPE Policy SYSTEM "https://www.debian.org/debsig/1.0/policy.dtd">
<Policy xmlns="https://www.debian.org/debsig/1.0/">
<Origin Name="test" id="%s" Description="a test"/>
<Selection>%s</Selection>
<Verification MinOptional="0">%s</Verification>
</Policy>
`, key.id, required, required)
	if err := os.WriteFile(filepath.Join(policies, key.id, "test.pol"), []byte(policy), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "debsig-verify", "--verbose", "--policies-dir", policies, "--keyrings-dir", keyrings, path).CombinedOutput()
	return string(out), err
}

// rpmkeys checks an rpm's signature by rpmkeys(8), with a database that knows only the key.
func rpmkeys(t *testing.T, key signer, path string) (string, error) {
	t.Helper()
	db := "--dbpath=" + t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "rpmkeys", db, "--import", filepath.Join(key.dir, "public.asc")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), "rpmkeys", db, "--checksig", "--verbose", path).CombinedOutput()
	if err == nil && !strings.Contains(string(out), "Signature, key ID") {
		err = fmt.Errorf("the package is not signed")
	}
	return string(out), err
}
