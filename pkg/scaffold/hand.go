package scaffold

import (
	"fmt"
	"go/ast"
	"strings"
)

// instructions say what to write where no diff can be made.
func (m *module) instructions(c *command, why string) []string {
	var b strings.Builder
	fmt.Fprintf(&b, "No diff can be made of the change that the program needs: %s.\n", why)
	b.WriteString("Import \"" + serveImport + "\", and where main waits for the end, write\n\n")
	b.WriteString("\terr := serve.Run(context.Background(),\n")
	for _, s := range c.servers {
		fmt.Fprintf(&b, "\t\t%s,\n", m.suggest(s))
	}
	b.WriteString("\t)\n\nIt returns nil when everything that was in flight is done, so look at err before you call it a failure.\n")
	for _, s := range c.serving {
		if s.ours {
			continue
		}
		fmt.Fprintf(&b, "In place of %s: %s\n", m.place(s.body, s.expr), firstLine(m.text(s.pkg, s.expr)))
	}
	for _, end := range c.ending {
		fmt.Fprintf(&b, "Leave out %s: %s\n", m.place(end.body, end.expr), firstLine(m.text(end.pkg, end.expr)))
	}
	if c.hasKind(grpc) {
		b.WriteString("A gRPC server needs this around it:\n" + graceful)
	}
	return []string{b.String()}
}

// suggest is a server as an argument of serve.Run, as far as it can be told.
func (m *module) suggest(s server) string {
	if s.expr == nil {
		return fmt.Sprintf("serve.HTTP(%q, srv)", s.name)
	}
	if s.ours {
		return firstLine(m.text(s.pkg, s.expr))
	}
	text := func(n int, standard string) string {
		if e := s.operand(n); n >= 0 && e != nil {
			if _, isLiteral := e.(*ast.FuncLit); !isLiteral {
				return m.text(s.pkg, e)
			}
		}
		return standard
	}
	srv := fmt.Sprintf("&http.Server{Addr: %s, Handler: %s}", text(s.form.addr, `"`+s.listenAddr()+`"`), text(s.handler, "handler"))
	if s.form.server >= 0 {
		srv = m.pointer(s.call)
	}
	switch s.kind {
	case tlsHTTP:
		return fmt.Sprintf("serve.HTTPS(%q, %s, %s, %s)", s.name, srv, text(s.cert, "cert"), text(s.cert+1, "key"))
	case grpc:
		return fmt.Sprintf("serve.Other(%q, %q, graceful{%s})", s.name, s.listenAddr(), srv)
	}
	return fmt.Sprintf("serve.HTTP(%q, %s)", s.name, srv)
}

// listenAddr is the address as package net has it.
func (s server) listenAddr() string {
	if !strings.Contains(s.listen, ":") && !strings.HasPrefix(s.listen, "/") {
		return ":" + s.listen
	}
	return s.listen
}

func (c *command) hasKind(k kind) bool {
	for _, s := range c.servers {
		if s.kind == k {
			return true
		}
	}
	return false
}

func firstLine(text string) string {
	line, rest, _ := strings.Cut(text, "\n")
	if rest != "" {
		line += " …"
	}
	return line
}
