package main

import (
	"net"
	"testing"

	"github.com/gobwas/ws"
)

// departing is a connection on which the departure is asked for at the worst
// moment: its first bytes were read, and the session does not know yet.
type departing struct {
	net.Conn
	session *session
}

func (c *departing) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if s := c.session; s != nil {
		c.session = nil
		s.depart()
	}
	return n, err
}

// The message that is arriving when another instance is there is still echoed.
func TestDepartWithinAMessage(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	c := &departing{Conn: there}
	s := newSession(c, nil)
	c.session = s
	left := make(chan bool, 1)
	go func() {
		left <- s.serve()
		there.Close()
	}()
	go here.Write(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("hallo")))))
	if f := receive(t, here); string(f.Payload) != "hallo" {
		t.Errorf("got %q", f.Payload)
	}
	if !<-left {
		t.Error("the session ended instead of leaving")
	}
}
