package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Main and standby start at the same time and find no certificate.
func TestSelfSignedMadeOnce(t *testing.T) {
	dir := t.TempDir()
	const instances = 8
	contents := make([][]byte, instances)
	var all sync.WaitGroup
	for i := range instances {
		all.Go(func() {
			path, err := selfSigned(dir)
			if err != nil {
				t.Error(err)
				return
			}
			if contents[i], err = os.ReadFile(path); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i, c := range contents {
		if len(c) == 0 || !bytes.Equal(c, contents[0]) {
			t.Errorf("instance %d has another certificate than instance 0", i)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	info, err := entries[0].Info()
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode(); got != 0o600 {
		t.Errorf("the file with the key has mode %v, want 0600", got)
	}
}

func TestSelfSignedKept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "self-signed.pem")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := selfSigned(dir)
	if err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(got); got != path || string(content) != "mine" {
		t.Errorf("got %s with %q, want the file that was there", got, content)
	}
}

func TestSelfSignedServes(t *testing.T) {
	path, err := selfSigned(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(path, path)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots}); err != nil {
			t.Errorf("for %s: %v", name, err)
		}
	}
}

func TestSelfSignedNowhere(t *testing.T) {
	if path, err := selfSigned(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Errorf("got %s from a directory that does not exist", path)
	}
}
