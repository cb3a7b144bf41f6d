package pack

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// key makes a throw-away key, locked with a passphrase unless that is empty.
func key(t *testing.T, passphrase string) string {
	t.Helper()
	entity, err := openpgp.NewEntity("An Author", "", "author@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	if passphrase != "" {
		if err := entity.EncryptPrivateKeys([]byte(passphrase), nil); err != nil {
			t.Fatal(err)
		}
	}
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.PrivateKeyType, nil)
	if err == nil {
		err = entity.SerializePrivateWithoutSigning(w, nil)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestSign(t *testing.T) {
	signed := func() project {
		return good().edit("nfpm.yaml", "contents:", "deb:\n  signature:\n    key_file: ${KEY}\nrpm:\n  signature:\n    key_file: ${KEY}\ncontents:")
	}
	locked, open := key(t, "secret"), key(t, "")
	tests := []struct {
		name    string
		project project
		key     string // $KEY
		env     map[string]string
		want    string // in the error; empty for a signed package
	}{
		{"unlocked key", signed().with("key", open), "key", nil, ""},
		{"locked key", signed().with("key", locked), "key", map[string]string{"NFPM_PASSPHRASE": "secret"}, ""},
		{"passphrases by format", signed().with("key", locked), "key",
			map[string]string{"NFPM_DEB_PASSPHRASE": "secret", "NFPM_RPM_PASSPHRASE": "secret", "NFPM_PASSPHRASE": "wrong"}, ""},
		{"wrong passphrase", signed().with("key", locked), "key", map[string]string{"NFPM_PASSPHRASE": "wrong"}, "decrypt secret signing key"},
		{"no passphrase", signed().with("key", locked), "key", nil, "key is encrypted but no passphrase was provided"},
		{"no key file", signed(), "key", nil, "reading PGP key file: open key: no such file"},
		{"no key in the file", signed().with("key", "text"), "key", nil, "decoding armored PGP keyring"},
	}
	for _, tt := range tests {
		for packager, line := range map[string]string{"deb": "8", "rpm": "11"} {
			t.Run(tt.name+"/"+packager, func(t *testing.T) {
				tt.project.write(t)
				t.Setenv("KEY", tt.key)
				for _, name := range []string{"NFPM_PASSPHRASE", "NFPM_DEB_PASSPHRASE", "NFPM_RPM_PASSPHRASE"} {
					t.Setenv(name, tt.env[name])
				}
				path, err := Build(t.Context(), Options{Config: "nfpm.yaml", Packager: packager, Target: "out", Warnings: io.Discard})
				if tt.want == "" {
					if err != nil || !isSigned(t, path) {
						t.Errorf("built %s, %v; it is not signed", path, err)
					}
					return
				}
				if err == nil || !strings.HasPrefix(err.Error(), "nfpm.yaml:"+line+": signing: ") ||
					!strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "$NFPM_PASSPHRASE") {
					t.Errorf("Build = %v, want %s", err, tt.want)
				}
				if got := left(t); len(got) > 0 {
					t.Errorf("left in out: %v", got)
				}
			})
		}
	}

	// Without a key, and with none in the environment, packages are not signed.
	signed().write(t)
	t.Setenv("KEY", "")
	for _, packager := range []string{"deb", "rpm"} {
		if path := build(t, packager); isSigned(t, path) {
			t.Errorf("%s is signed", path)
		}
	}
}

// isSigned looks for a signature: a member of the deb, a tag of the rpm's signature header (RSA or the like over the header).
func isSigned(t *testing.T, path string) bool {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".deb") {
		return bytes.Contains(data, []byte("_gpgorigin"))
	}
	const tagRSAHeader = 268
	signature, _ := rpmSection(t, data, 96)
	_, ok := signature.index[tagRSAHeader]
	return ok
}
