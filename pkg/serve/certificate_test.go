package serve

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeCertificate puts a self-signed pair with that common name into dir.
func writeCertificate(t testing.TB, dir, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	writePEM(t, certFile, "CERTIFICATE", cert)
	writePEM(t, keyFile, "PRIVATE KEY", keyDER)
	return certFile, keyFile
}

func writePEM(t testing.TB, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func commonName(t *testing.T, c *certificate) string {
	t.Helper()
	c.mu.Lock()
	c.checked = time.Time{} // the second is over
	c.mu.Unlock()
	leaf, err := x509.ParseCertificate(c.current().Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf.Subject.CommonName
}

func TestCertificateIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	var logged bytes.Buffer
	certFile, keyFile := writeCertificate(t, dir, "old")
	c, err := newCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if got := commonName(t, c); got != "old" {
		t.Fatalf("certificate of %q", got)
	}

	newDir := t.TempDir()
	newCert, newKey := writeCertificate(t, newDir, "renewed")
	rename(t, newCert, certFile) // half done: the old key does not fit
	if got := commonName(t, c); got != "old" {
		t.Errorf("with half a renewal the certificate is of %q", got)
	}
	if !strings.Contains(logged.String(), certFile) {
		t.Errorf("the log does not name the file: %s", &logged)
	}
	rename(t, newKey, keyFile)
	if got := commonName(t, c); got != "renewed" {
		t.Errorf("after the renewal the certificate is of %q", got)
	}
	// A key that could not be read is read again, though the files look the same.
	c.seen = files{c.seen.key, c.seen.cert}
	c.refresh()
	if !c.seen.same(must(c.look())) {
		t.Error("files that were read are not taken for seen")
	}
	os.Remove(keyFile)
	if got := commonName(t, c); got != "renewed" {
		t.Errorf("with the key gone the certificate is of %q", got)
	}
}

func must(f files, err error) files {
	if err != nil {
		panic(err)
	}
	return f
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestCertificateErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := writeCertificate(t, dir, "x")
	empty := filepath.Join(dir, "empty.key")
	os.WriteFile(empty, nil, 0o600)
	for name, files := range map[string][2]string{
		"missing certificate": {filepath.Join(dir, "no.crt"), keyFile},
		"missing key":         {certFile, filepath.Join(dir, "no.key")},
		"empty key":           {certFile, empty},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newCertificate(files[0], files[1], slog.Default())
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), files[0]) && !strings.Contains(err.Error(), files[1]) {
				t.Errorf("error names no file: %v", err)
			}
		})
	}
}

func TestCredential(t *testing.T) {
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if _, err := Credential("tls.key"); err == nil || !strings.Contains(err.Error(), "LoadCredential=tls.key:") {
		t.Errorf("without credentials: %v", err)
	}
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if _, err := Credential("tls.key"); err == nil {
		t.Error("a credential that was not passed gave no error")
	}
	_, keyFile := writeCertificate(t, dir, "x")
	if got, err := Credential("tls.key"); err != nil || got != keyFile {
		t.Errorf("Credential = %q, %v", got, err)
	}
}
