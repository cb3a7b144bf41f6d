package scaffold

import (
	"cmp"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

// command is a program of the module that serves.
type command struct {
	*packages.Package
	dir     string // in the module, "." for its own
	program []body
	servers []server
	serving []call // all that serve, those at one address included
	ending  []call // what ends servers
}

// server is a server of a command.
type server struct {
	call
	name   string // of its socket
	listen string // what ListenStream= says; "" if it cannot be seen
}

// commandOf looks at a program. It serves nothing if it has no servers.
func (m *module) commandOf(main *packages.Package) (*command, error) {
	pkgs := m.reach(main)
	if err := broken(pkgs); err != nil {
		return nil, err
	}
	c := &command{Package: main, dir: m.relative(main.Dir), program: code(pkgs)}
	values := newValues(c.program)
	c.serving, c.ending = calls(c.program)
	for _, s := range c.serving {
		c.add(server{call: s, listen: listenStream(values.addr(s)), name: m.socketName(values, s)})
	}
	// What the service is there for comes first.
	slices.SortStableFunc(c.servers, func(a, b server) int { return cmp.Compare(len(purpose(a.name)), len(purpose(b.name))) })
	return c, nil
}

// add adds a server. One at the same address as another is the same, over TLS or not as somebody configures: then it is taken
// for the one in the clear.
func (c *command) add(s server) {
	for i, other := range c.servers {
		if s.listen != "" && s.listen == other.listen {
			if s.kind == plainHTTP && other.kind == tlsHTTP {
				c.servers[i] = s
			}
			return
		}
	}
	for n, name := 2, s.name; c.has(s.name); n++ {
		s.name = fmt.Sprint(name, "-", n)
	}
	c.servers = append(c.servers, s)
}

func (c *command) has(name string) bool {
	return slices.ContainsFunc(c.servers, func(s server) bool { return s.name == name })
}

// addr is the address that a server listens on, as the program writes it.
func (v *values) addr(c call) string {
	at := func(n int) value { return value{c.pkg, c.operand(n)} }
	var text string
	switch {
	case c.form.addr >= 0:
		text = v.one(at(c.form.addr), 0)
	case c.listener >= 0:
		text = v.one(at(c.listener), 0)
	case c.form.server >= 0:
		text = v.serverAddr(at(c.form.server))
	}
	if text == "" && c.form.addr >= 0 && c.operand(c.form.addr) == nil {
		return c.defaultAddr
	}
	return text
}

// socketName is what the socket of a server is called.
func (m *module) socketName(v *values, c call) string {
	if c.ours {
		return v.one(value{c.pkg, c.operand(1)}, 0)
	}
	for _, n := range []int{c.form.server, c.handler} {
		if e := c.operand(n); n >= 0 && e != nil {
			if name := purpose(m.text(c.pkg, e)); name != "" {
				return name
			}
		}
	}
	return string(c.kind)
}

// listenStream is an address of package net's as systemd.socket(5) has it, "" where it cannot be said.
func listenStream(addr string) string {
	if strings.HasPrefix(addr, "/") {
		return addr
	}
	if regexp.MustCompile(`^[0-9]+$`).MatchString(addr) {
		addr = ":" + addr
	}
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}
	port, err := net.LookupPort("tcp", service)
	if err != nil || port == 0 {
		return ""
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip := net.ParseIP(host)
	switch {
	case host == "" || host == "::":
		return strconv.Itoa(port)
	case ip == nil:
		return ""
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}
