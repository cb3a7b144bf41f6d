package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// fault makes a bad release, on purpose, for rehearsing what an upgrade to one
// does (the old version has to go on serving). It is set when linking and in no
// other way, so no flag, variable or file can bring it about in a good release:
//
//	go build -ldflags "-X main.version=1.1.0 -X main.fault=exit"  # exits at start
//	go build -ldflags "-X main.version=1.1.0 -X main.fault=hang"  # never becomes ready
//	go build -ldflags "-X main.version=1.1.0 -X main.fault=crash" # crashes while it serves
//	go build -ldflags "-X main.version=1.1.0 -X main.fault=sick"  # fails its health check
//	go build -ldflags "-X main.version=1.1.0 -X main.fault=once"  # starts once, as a standby, and then no more
//	go build -ldflags "-X main.version=1.1.0 -X main.fault=hold"  # not ready while there is a file "hold" in its state directory
var fault string

// failAtStart is where a release built to fail at start does so.
func failAtStart(stateDir string) error {
	switch fault {
	case "", "hang", "hold", "sick":
		return nil
	case "exit":
		return errors.New("this release was built to fail at start (main.fault=exit)")
	case "crash":
		time.AfterFunc(faultAfter, func() { panic("this release was built to crash (main.fault=crash)") })
		return nil
	case "once":
		f, err := os.OpenFile(filepath.Join(stateDir, ".started-"+version), os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("this release was built to start only once (main.fault=once): %w", err)
		}
		return f.Close()
	}
	return fmt.Errorf("this release was built with main.fault=%s: want exit, hang, crash, sick, once or hold", fault)
}

// faultAfter is when a release built to do so gets into trouble.
const faultAfter = 2 * time.Second

// hangBeforeReady is where a release waits that was built never to become ready,
// or not yet, until ctx ends.
func hangBeforeReady(ctx context.Context, stateDir string) error {
	if fault == "hang" {
		<-ctx.Done()
	}
	for fault == "hold" && ctx.Err() == nil {
		if _, err := os.Stat(filepath.Join(stateDir, "hold")); err != nil {
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return context.Cause(ctx)
}

// healthy is the health check. This program has nothing to check; a real one
// would look at what only another process can mend: a queue that no longer moves,
// say.
func healthy(begun time.Time) func(context.Context) error {
	return func(context.Context) error {
		if fault == "sick" && time.Since(begun) > faultAfter {
			return errors.New("this release was built to fail its health check (main.fault=sick)")
		}
		return nil
	}
}
