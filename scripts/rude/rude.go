// Package rude has clients that a server on the open internet meets: they send slowly, or without end, or nonsense, and do not
// read. For tests, against loopback only.
package rude

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http2"
)

// Client is one of them: it says something, then the same thing again and again, and may never read.
type Client struct {
	first, then string
	bare        bool // no TLS, where the server speaks it
	reads       bool
}

const requestHead = "POST / HTTP/1.1\r\nHost: test\r\n"

// Clients are those for a protocol, "http/1.1", "https/1.1" or "h2", by what they do. A server that has no time-outs at all waits for them forever.
func Clients(proto string) map[string]Client {
	if proto == "h2" {
		frame := func(kind http2.FrameType, flags http2.Flags, stream byte, payload string) string {
			return string([]byte{0, 0, byte(len(payload)), byte(kind), byte(flags), 0, 0, 0, stream}) + payload
		}
		hello := http2.ClientPreface + frame(http2.FrameSettings, 0, 0, "")
		get := "\x82\x87\x84\x41\x04test" // :method GET, :scheme https, :path /, :authority
		return map[string]Client{
			"never says more than half of its preface": {first: http2.ClientPreface[:10]},
			"answers nothing":                          {first: hello, reads: true},
			"never reads, and asks and asks":           {first: hello, then: frame(http2.FramePing, 0, 0, "12345678")},
			"leaves its headers open":                  {first: hello + frame(http2.FrameHeaders, 0, 1, get), reads: true},
			"continues them without end":               {first: hello + frame(http2.FrameHeaders, 0, 1, get), then: frame(http2.FrameContinuation, 0, 1, "\x82")},
			"sends a body without end":                 {first: hello + frame(http2.FrameHeaders, 4, 1, strings.Replace(get, "\x82", "\x83", 1)), then: frame(http2.FrameData, 0, 1, "x")},
			"takes a large reply, and does not read it": {first: http2.ClientPreface + frame(http2.FrameSettings, 0, 0, "\x00\x04\x7f\xff\xff\xff") +
				frame(http2.FrameWindowUpdate, 0, 0, "\x7f\x00\x00\x00") + frame(http2.FrameHeaders, 5, 1, strings.Replace(get, "\x84", "\x04\x04/big", 1))},
		}
	}
	all := map[string]Client{
		"is silent":                          {},
		"sends half a line":                  {first: "GET / HT"},
		"sends its header byte by byte":      {first: requestHead + "X: ", then: "x"},
		"sends headers without end":          {first: requestHead, then: "X: " + strings.Repeat("x", 100) + "\r\n"},
		"sends a body without end":           {first: requestHead + "Transfer-Encoding: chunked\r\n\r\n", then: "5\r\nworld\r\n"},
		"sends less of a body than it said":  {first: requestHead + "Content-Length: 1000000\r\n\r\nx", then: "x", reads: true},
		"never reads, and asks and asks":     {then: requestHead + "Content-Length: 0\r\n\r\n"},
		"asks for much, and does not read":   {first: "GET /big HTTP/1.1\r\nHost: test\r\n\r\n"},
		"sends nonsense, and does not leave": {first: "\x00\xff nonsense\r\n\r\n"},
	}
	if proto != "http/1.1" {
		all["stops in the middle of the handshake"] = Client{first: "\x16\x03\x01\x02\x00\x01", bare: true}
		all["shakes no hands"] = Client{bare: true}
	}
	return all
}

// Run is rude until stop, or until it learns that the server has ended the connection. It fails only if the server refuses it.
func (r Client) Run(addr, proto string, stop <-chan struct{}) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if proto != "http/1.1" && !r.bare {
		cfg := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}
		if proto == "https/1.1" {
			cfg.NextProtos = []string{"http/1.1"}
		}
		c = tls.Client(c, cfg)
	}
	c.SetWriteDeadline(time.Now().Add(30 * time.Second))
	io.WriteString(c, r.first)
	ended := make(chan struct{})
	if r.reads {
		go func() { defer close(ended); io.Copy(io.Discard, c) }()
	}
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-ended:
			return nil
		case <-pace.C:
		}
		// A server that does not read blocks nobody here.
		c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := io.WriteString(c, r.then); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
	}
}
