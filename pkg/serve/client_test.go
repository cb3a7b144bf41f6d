package serve

//lint:file-ignore SA1019 the ClientConn of net/http does not take a connection that is open

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// A client speaks to a server on a connection that it never opens again by
// itself and never retries on, other than net/http's.
type client interface {
	// do sends one request and returns the reply's body. last reports that the
	// server asked for another connection next time.
	do(method, path, body string) (reply string, last bool, err error)
	close()
}

var clientTLS = &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}}

// dial opens a connection for proto: "http/1.1", "https/1.1" or "h2".
// Each of wraps goes around the TCP connection.
func dial(addr, proto string, wraps ...func(net.Conn) net.Conn) (client, error) {
	c, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return nil, err
	}
	for _, wrap := range wraps {
		c = wrap(c)
	}
	if proto != "http/1.1" {
		cfg := clientTLS.Clone()
		if proto == "https/1.1" {
			cfg.NextProtos = []string{"http/1.1"}
		}
		c = tls.Client(c, cfg)
	}
	if proto != "h2" {
		return newH1Client(c), nil
	}
	cc, err := (&http2.Transport{}).NewClientConn(c)
	return &h2client{c, cc}, err
}

func mustDial(t testing.TB, addr, proto string) client {
	t.Helper()
	c, err := dial(addr, proto)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

func newRequest(method, path, body string) (*http.Request, error) {
	// A plain reader: nothing could send it twice.
	return http.NewRequest(method, "https://test"+path, struct{ io.Reader }{strings.NewReader(body)})
}

func readReply(resp *http.Response) (string, error) {
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %s", resp.Status)
	}
	return string(b), err
}

type h1client struct {
	net.Conn
	r *bufio.Reader
}

func newH1Client(c net.Conn) *h1client { return &h1client{c, bufio.NewReader(c)} }

func (c *h1client) do(method, path, body string) (string, bool, error) {
	req, err := newRequest(method, path, body)
	if err != nil {
		return "", false, err
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if err := req.Write(c); err != nil {
		return "", false, err
	}
	resp, err := http.ReadResponse(c.r, req)
	if err != nil {
		return "", false, err
	}
	reply, err := readReply(resp)
	return reply, resp.Close, err
}

func (c *h1client) close() { c.Conn.Close() }

type h2client struct {
	net.Conn
	cc *http2.ClientConn
}

func (c *h2client) do(method, path, body string) (string, bool, error) {
	req, err := newRequest(method, path, body)
	if err != nil {
		return "", false, err
	}
	resp, err := c.cc.RoundTrip(req)
	if err != nil && err.Error() == "http2: client conn not usable" {
		return "", true, nil // GOAWAY was read, and nothing sent
	}
	if err != nil {
		return "", false, err
	}
	reply, err := readReply(resp)
	return reply, !c.cc.CanTakeNewRequest(), err
}

func (c *h2client) close() { c.cc.Close() }
