// Command local is served by the sockets that myapp does not have: a Unix socket,
// and one for datagrams, which it writes to a file, a line each.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/nodrop/nodrop/pkg/serve"
)

var version = "dev"

func main() {
	lines, err := os.OpenFile(os.Getenv("STATE_DIRECTORY")+"/datagrams", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	web := &http.Server{IdleTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", version)
		fmt.Fprintln(w, version)
	})}
	err = serve.Run(context.Background(), serve.HTTP("web", web), serve.Packet("datagrams", "127.0.0.1:9125", &writer{lines: lines}))
	if err != nil {
		log.Fatal(err)
	}
}

// writer writes the datagrams that it reads to a file.
type writer struct {
	lines *os.File

	mu   sync.Mutex
	conn net.PacketConn
	done chan struct{}
}

func (w *writer) Serve(conn net.PacketConn) error {
	w.mu.Lock()
	w.conn, w.done = conn, make(chan struct{})
	w.mu.Unlock()
	defer close(w.done)
	b := make([]byte, 1500)
	for {
		n, _, err := conn.ReadFrom(b)
		if err != nil {
			return err
		}
		if _, err := w.lines.Write(append(b[:n:n], '\n')); err != nil {
			return err
		}
	}
}

func (w *writer) Shutdown(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.conn.SetReadDeadline(time.Unix(1, 0)) // what was not read stays in the socket
	<-w.done
	return err
}
