package main

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// stallTimeout is how long a client may send or take nothing in the middle of a
// stream before it is given up.
const stallTimeout = 30 * time.Second

// allow moves the request's deadlines: what is left of it must come within d
// from now, and the reply be taken within quickTimeout after that.
//
// The read deadline matters even when there is no body to read: net/http watches
// for the client going away by reading, and takes the deadline for just that.
func allow(w http.ResponseWriter, d time.Duration) error {
	end := time.Now().Add(d)
	rc := http.NewResponseController(w)
	if err := rc.SetReadDeadline(end); err != nil {
		return fmt.Errorf("moving the read deadline: %w", err)
	}
	if err := rc.SetWriteDeadline(end.Add(quickTimeout)); err != nil {
		return fmt.Errorf("moving the write deadline: %w", err)
	}
	return nil
}

// patient reads a request's body for as long as the client keeps sending: each
// read may take stall, however many there are.
type patient struct {
	w     http.ResponseWriter
	body  io.Reader
	stall time.Duration
}

func (p patient) Read(b []byte) (int, error) {
	if err := allow(p.w, p.stall); err != nil {
		return 0, err
	}
	return p.body.Read(b)
}
