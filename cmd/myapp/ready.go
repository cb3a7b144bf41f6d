package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
)

// ready returns the readiness check. It runs before anything is accepted, and
// what it finds wrong stops an upgrade while the old version still serves. So
// it looks at what this release cannot do without: a real service would
// ping its database here.
func ready(certFile, keyFile, stateDir string) func(context.Context) error {
	return func(ctx context.Context) error {
		if _, err := tls.LoadX509KeyPair(certFile, keyFile); err != nil {
			return fmt.Errorf("loading the certificate %s with the key %s: %w", certFile, keyFile, err)
		}
		if err := writable(stateDir); err != nil {
			return err
		}
		return hangBeforeReady(ctx, stateDir)
	}
}

// writable says whether a file can be made in dir, by making one.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".ready-*")
	if err != nil {
		return fmt.Errorf("writing to the state directory: %w", err)
	}
	f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return fmt.Errorf("writing to the state directory: %w", err)
	}
	return nil
}
