package main

import (
	"context"
	"errors"
	"fmt"
)

// fault makes a bad release, on purpose, for rehearsing what an upgrade to one
// does (the old version has to go on serving). It is set when linking and in no
// other way, so no flag, variable or file can bring it about in a good release:
//
//	go build -ldflags "-X main.version=1.1.0 -X main.fault=exit"  # exits at start
//	go build -ldflags "-X main.version=1.1.0 -X main.fault=hang"  # never becomes ready
var fault string

// failAtStart is where a release built to fail at start does so.
func failAtStart() error {
	switch fault {
	case "", "hang":
		return nil
	case "exit":
		return errors.New("this release was built to fail at start (main.fault=exit)")
	}
	return fmt.Errorf("this release was built with main.fault=%s: want exit or hang", fault)
}

// hangBeforeReady is where a release built never to become ready waits, until
// ctx ends.
func hangBeforeReady(ctx context.Context) error {
	if fault != "hang" {
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}
