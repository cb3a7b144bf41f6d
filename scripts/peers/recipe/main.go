// Recipe is a server as the well-known recipe for restarts by socket activation has it: it takes
// the first socket that systemd passes and serves, with no further ado. With -shutdown it is the
// careful variant: it says when it is ready, and ends by http.Server.Shutdown.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

func main() {
	shutdown := flag.Bool("shutdown", false, "drain by http.Server.Shutdown")
	flag.Parse()
	listeners, err := activation.Listeners()
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      5 * time.Second,
		IdleTimeout:       60 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // the reply says enough
			fmt.Fprintln(w, "hello")
		}),
	}
	if !*shutdown {
		log.Fatal(server.Serve(listeners[0]))
	}
	if err := drained(server, func() error { return server.Serve(listeners[0]) }); err != nil {
		log.Fatal(err)
	}
}

// drained serves until SIGTERM, and then until Shutdown is done.
func drained(server *http.Server, serve func() error) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- serve() }()
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return server.Shutdown(context.Background())
	}
}
