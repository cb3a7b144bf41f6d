package serve

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Credential returns the path of a credential that systemd passed to this
// service by LoadCredential= or SetCredential= (systemd.exec(5)), for use with
// [HTTPS]. systemd copies a credential when it starts the service: a new one
// takes effect with the next restart.
func Credential(name string) (string, error) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", fmt.Errorf("credential %q: systemd passed none: set LoadCredential=%s:/path/to/file in the service unit", name, name)
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("credential %q: %w: set LoadCredential=%s:/path/to/file in the service unit", name, err, name)
	}
	return path, nil
}

// certificateCheck is how often, at most, the files are looked at.
const certificateCheck = time.Second

// certificate is a pair of PEM files, read again when they change.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	seen    files     // when they were last read
	checked time.Time // when seen was last compared
	warned  string    // what was last said about files that cannot be read
}

// files is what tells that the pair changed: a renewal replaces a file, or
// writes into it.
type files struct{ cert, key os.FileInfo }

func (f files) same(g files) bool { return sameFile(f.cert, g.cert) && sameFile(f.key, g.key) }

func sameFile(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

func newCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	var err error
	if c.seen, err = c.look(); err != nil {
		return nil, err
	}
	if c.pair, err = c.read(); err != nil {
		return nil, err
	}
	c.checked = time.Now()
	return c, nil
}

// config returns a copy of base, which may be nil, that uses the certificate.
func (c *certificate) config(base *tls.Config) *tls.Config {
	if base == nil {
		base = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	cfg := base.Clone()
	cfg.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil }
	return cfg
}

func (c *certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.checked) >= certificateCheck {
		c.checked = now
		c.refresh()
	}
	return c.pair
}

// refresh reads changed files. While a renewal is half done, with a new
// certificate and the old key or a key that cannot be read yet, the old pair
// stays, and the files are read again the next time.
func (c *certificate) refresh() {
	now, err := c.look()
	if err == nil {
		if now.same(c.seen) {
			return
		}
		var pair *tls.Certificate
		if pair, err = c.read(); err == nil {
			c.pair, c.seen, c.warned = pair, now, ""
			c.log.Info("certificate read again", "file", c.certFile)
			return
		}
	}
	if c.warned != err.Error() {
		c.warned = err.Error()
		c.log.Warn("certificate changed and cannot be used, the old one stays", "error", err)
	}
}

func (c *certificate) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return nil, fmt.Errorf("reading certificate %s and key %s: %w", c.certFile, c.keyFile, err)
	}
	return &pair, nil
}

func (c *certificate) look() (files, error) {
	cert, err1 := os.Stat(c.certFile)
	key, err2 := os.Stat(c.keyFile)
	if err := errors.Join(err1, err2); err != nil {
		return files{}, fmt.Errorf("looking at the certificate: %w", err)
	}
	return files{cert, key}, nil
}
