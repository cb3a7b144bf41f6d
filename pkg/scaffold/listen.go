package scaffold

import (
	"cmp"
	"go/ast"
	"regexp"
	"slices"

	"golang.org/x/tools/go/types/typeutil"
)

// kind is what a server speaks. It is also what its socket is called, unless something says more.
type kind string

const (
	plainHTTP kind = "http"
	tlsHTTP   kind = "https"
	grpc      kind = "grpc"
	other     kind = "other" // of serve.Other: what its socket is called
)

// speaks is what a server speaks, in words.
func (s server) speaks() string {
	words := map[kind]string{plainHTTP: "HTTP", tlsHTTP: "HTTPS", grpc: "gRPC"}
	return cmp.Or(words[s.kind], words[kind(s.name)], s.name)
}

// form is a way to listen and serve: which of a call's operands is what. 0 is the receiver, 1 the first argument; -1 is none.
type form struct {
	kind                            kind
	addr, listener, handler, server int
	cert                            int // the key comes next
	defaultAddr                     string
	ours                            bool // a server of serve.Run, called by its first argument
}

// forms are the ways that are known, by the full name of the function that is called, without major versions.
var forms = map[string]form{
	"net/http.ListenAndServe":              {plainHTTP, 1, -1, 2, -1, -1, "", false},
	"net/http.ListenAndServeTLS":           {tlsHTTP, 1, -1, 4, -1, 2, "", false},
	"net/http.Serve":                       {plainHTTP, -1, 1, 2, -1, -1, "", false},
	"net/http.ServeTLS":                    {tlsHTTP, -1, 1, 2, -1, 3, "", false},
	"(*net/http.Server).ListenAndServe":    {plainHTTP, -1, -1, -1, 0, -1, "", false},
	"(*net/http.Server).ListenAndServeTLS": {tlsHTTP, -1, -1, -1, 0, 1, "", false},
	"(*net/http.Server).Serve":             {plainHTTP, -1, 1, -1, 0, -1, "", false},
	"(*net/http.Server).ServeTLS":          {tlsHTTP, -1, 1, -1, 0, 2, "", false},

	"(*github.com/gin-gonic/gin.Engine).Run":         {plainHTTP, 1, -1, 0, -1, -1, ":8080", false},
	"(*github.com/gin-gonic/gin.Engine).RunTLS":      {tlsHTTP, 1, -1, 0, -1, 2, "", false},
	"(*github.com/gin-gonic/gin.Engine).RunListener": {plainHTTP, -1, 1, 0, -1, -1, "", false},
	"(*github.com/labstack/echo.Echo).Start":         {plainHTTP, 1, -1, 0, -1, -1, "", false},
	"(*github.com/labstack/echo.Echo).StartTLS":      {tlsHTTP, 1, -1, 0, -1, 2, "", false},
	"(*google.golang.org/grpc.Server).Serve":         {grpc, -1, 1, -1, 0, -1, "", false},

	serveImport + ".HTTP":  {plainHTTP, -1, -1, -1, 2, -1, "", true},
	serveImport + ".HTTPS": {tlsHTTP, -1, -1, -1, 2, 3, "", true},
	serveImport + ".Other": {other, 2, -1, -1, -1, -1, "", true},
}

// ends are the ways of a program to end its servers itself, which serve.Run does for it.
var ends = []string{
	"os/signal.Notify", "os/signal.NotifyContext",
	"(*net/http.Server).Shutdown", "(*net/http.Server).Close",
	"(*github.com/labstack/echo.Echo).Shutdown", "(*github.com/labstack/echo.Echo).Close",
	"(*google.golang.org/grpc.Server).GracefulStop", "(*google.golang.org/grpc.Server).Stop",
}

const serveImport = "github.com/nodrop/nodrop/pkg/serve"

// call is a call that serves, or ends a server.
type call struct {
	body
	form
	expr *ast.CallExpr
}

// called is the full name of the function that is called, without major versions.
func (b body) called(c *ast.CallExpr) string {
	f := typeutil.StaticCallee(b.pkg.TypesInfo, c)
	if f == nil {
		return ""
	}
	return regexp.MustCompile(`/v[0-9]+\.`).ReplaceAllString(f.FullName(), ".")
}

// operand is the receiver or an argument, nil if there is none.
func (c call) operand(n int) ast.Expr {
	switch selector, ok := ast.Unparen(c.expr.Fun).(*ast.SelectorExpr); {
	case n == 0 && ok:
		return selector.X
	case n >= 1 && n <= len(c.expr.Args):
		return c.expr.Args[n-1]
	}
	return nil
}

// calls finds what serves, and what ends servers, in the code of a program.
func calls(program []body) (serving, ending []call) {
	for _, b := range program {
		ast.Inspect(b.node, func(n ast.Node) bool {
			expr, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := b.called(expr)
			if f, ok := forms[name]; ok {
				serving = append(serving, call{b, f, expr})
			} else if slices.Contains(ends, name) {
				ending = append(ending, call{body: b, expr: expr})
			}
			return true
		})
	}
	return serving, ending
}

// purpose is a name for a server from what it serves, "" if that says nothing.
func purpose(code string) string {
	for _, p := range []struct{ name, words string }{{"metrics", "metrics|promhttp"}, {"debug", "pprof|debug"}, {"admin", "admin"}} {
		if regexp.MustCompile("(?i)" + p.words).MatchString(code) {
			return p.name
		}
	}
	return ""
}
