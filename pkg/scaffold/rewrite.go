package scaffold

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/go/ast/astutil"
)

// change is what the program needs to be served by serve.Run: a diff, or what to do by hand.
type change struct {
	diff  []byte // unified, with paths in the module below a/ and b/; empty if there is nothing to do
	notes []string
}

// errByHand is for code that is not of a form whose change is certain.
type errByHand struct{ why string }

func (e errByHand) Error() string { return e.why }

func byHand(format string, args ...any) error { return errByHand{fmt.Sprintf(format, args...)} }

// change says how to change the program.
func (m *module) change(c *command) (change, error) {
	servers := slices.DeleteFunc(slices.Clone(c.servers), func(s server) bool { return s.ours || s.expr == nil })
	if len(servers) == 0 && len(c.servers) > 0 && c.servers[0].ours {
		return change{}, nil
	}
	var hand errByHand
	edited, err := m.edit(c, servers)
	if errors.As(err, &hand) {
		return change{notes: m.instructions(c, hand.why)}, nil
	}
	if err != nil {
		return change{}, fmt.Errorf("changing the program: %w", err)
	}
	var all change
	for _, path := range sortedKeys(edited) {
		old, err := os.ReadFile(path)
		if err != nil {
			return change{}, fmt.Errorf("reading the program: %w", err)
		}
		name := m.relative(path)
		_, text, _ := bytes.Cut(diff.Diff("a/"+name, old, "b/"+name, edited[path]), []byte("\n")) // its first line is a command
		all.diff = append(all.diff, text...)
	}
	return all, nil
}

// edit is the files that change, by their paths.
func (m *module) edit(c *command, servers []server) (map[string][]byte, error) {
	switch {
	case len(servers) == 0:
		return nil, byHand("it is not seen where the program listens")
	case len(servers) > 1 || len(c.serving) > 1:
		return nil, byHand("one serve.Run owns all servers of a program")
	case len(c.ending) > 0:
		return nil, byHand("the program ends its servers by itself, which serve.Run does for it")
	}
	e := &editor{module: m, edits: map[*ast.File][]edit{}, done: map[*ast.FuncDecl]bool{}, server: servers[0]}
	if err := e.replace(); err != nil {
		return nil, err
	}
	if err := e.callers(c, servers[0].body); err != nil {
		return nil, err
	}
	return e.apply()
}

// editor collects what is to be changed in the files of a program.
type editor struct {
	*module
	server server
	edits  map[*ast.File][]edit
	bodies []body                 // of the files that are changed
	done   map[*ast.FuncDecl]bool // whose callers were seen to
}

type edit struct {
	start, end token.Pos
	text       string
}

func (e *editor) add(b body, start, end token.Pos, text string) {
	if len(e.edits[b.file]) == 0 {
		e.bodies = append(e.bodies, b)
	}
	e.edits[b.file] = append(e.edits[b.file], edit{start, end, text})
}

// replace has serve.Run called in place of what serves now.
func (e *editor) replace() error {
	s := e.server
	for name, path := range map[string]string{"context": "context", "http": "net/http", "serve": serveImport} {
		if !s.means(name, path) {
			return byHand("%s: the name %s is taken", e.place(s.body, s.expr), name)
		}
	}
	option, err := e.option()
	if err != nil {
		return err
	}
	return e.safely(s.body, s.expr, "serve.Run("+s.context()+", "+option+")")
}

// option is the server as an argument of serve.Run.
func (e *editor) option() (string, error) {
	s := e.server
	text := func(n int) string { return e.text(s.pkg, s.operand(n)) }
	addr := fmt.Sprintf("%q", s.defaultAddr)
	switch {
	case s.listener >= 0:
		var err error
		if addr, err = e.withoutListener(); err != nil {
			return "", err
		}
	case s.addrArgument() != nil:
		addr = text(s.form.addr)
	}
	if s.kind == grpc {
		return e.grpcOption(addr)
	}
	srv := ""
	switch {
	case s.form.server < 0:
		srv = "&http.Server{Addr: " + addr
		if handler := text(s.handler); handler != "nil" {
			srv += ", Handler: " + handler
		}
		srv += "}"
	default:
		srv = e.pointer(s.call)
		if s.listener >= 0 {
			return "", byHand("the address moves from the listener to the field Addr of the server, here %s", addr)
		}
	}
	if s.kind == tlsHTTP {
		for _, n := range []int{s.cert, s.cert + 1} {
			if t, ok := s.pkg.TypesInfo.TypeOf(s.operand(n)).Underlying().(*types.Basic); !ok || t.Info()&types.IsString == 0 {
				return "", byHand("serve.HTTPS takes the names of the certificate's files")
			}
		}
		return fmt.Sprintf("serve.HTTPS(%q, %s, %s, %s)", s.name, srv, text(s.cert), text(s.cert+1)), nil
	}
	return fmt.Sprintf("serve.HTTP(%q, %s)", s.name, srv), nil
}

// addrArgument is the argument with the address, nil if there is none.
func (c call) addrArgument() ast.Expr {
	if c.form.addr < 0 {
		return nil
	}
	return c.operand(c.form.addr)
}

// graceful makes a Server of package serve from one of gRPC.
const graceful = `
// graceful ends a gRPC server as serve.Run has it: calls are finished, until ctx ends.
type graceful struct{ *grpc.Server }

func (s graceful) Shutdown(ctx context.Context) error {
	defer context.AfterFunc(ctx, s.Stop)()
	s.GracefulStop()
	return ctx.Err()
}
`

func (e *editor) grpcOption(addr string) (string, error) {
	s := e.server
	if s.lookup("graceful") != nil {
		return "", byHand("%s: the name graceful is taken", e.place(s.body, s.expr))
	}
	e.add(s.body, s.file.FileEnd, s.file.FileEnd, graceful)
	return fmt.Sprintf("serve.Other(%q, %s, graceful{%s})", s.name, addr, e.pointer(s.call)), nil
}

// lookup is what a name means where the server is called, nil if nothing.
func (c call) lookup(name string) types.Object {
	_, o := c.pkg.Types.Scope().Innermost(c.expr.Pos()).LookupParent(name, c.expr.Pos())
	return o
}

// means reports whether a name means a package there, or could.
func (c call) means(name, path string) bool {
	o := c.lookup(name)
	imported, ok := o.(*types.PkgName)
	return o == nil || ok && imported.Imported().Path() == path
}

// context is a context for serve.Run: the one at hand, else an empty one.
func (c call) context() string {
	if v, ok := c.lookup("ctx").(*types.Var); ok && types.TypeString(v.Type(), nil) == "context.Context" {
		return "ctx"
	}
	return "context.Background()"
}

// apply makes the edits, and mends the imports.
func (e *editor) apply() (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, b := range e.bodies {
		file := b.pkg.Fset.File(b.file.Pos())
		if strings.HasPrefix(e.relative(file.Name()), "../") { // patch would not touch it
			return nil, byHand("%s is in another module of the workspace", e.relative(file.Name()))
		}
		text, err := os.ReadFile(file.Name())
		if err != nil {
			return nil, err
		}
		edits := e.edits[b.file]
		slices.SortStableFunc(edits, func(a, b edit) int { return int(b.start - a.start) }) // from the end, so that places stay
		for i, edit := range edits {
			if i > 0 && edit.end > edits[i-1].start {
				return nil, byHand("%s: two changes are in one place", e.relative(file.Name()))
			}
			start, end := file.Offset(edit.start), file.Offset(edit.end)
			if edit.text == "" { // the whole line goes
				end += len(text[end:]) - len(bytes.TrimLeft(text[end:], " \t\r\n"))
			}
			text = slices.Concat(text[:start], []byte(edit.text), text[end:])
		}
		if all[file.Name()], err = withImports(file.Name(), text, e.needs(b)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// needs are the imports that the new code of a file may need, by their names.
func (e *editor) needs(b body) map[string]string {
	if b.file != e.server.file {
		return nil
	}
	all := map[string]string{"context": "context", "http": "net/http", "serve": serveImport}
	if e.server.means("log", "log") {
		all["log"] = "log"
	}
	return all
}

// withImports imports what is needed, if it is used, and no longer what nothing uses.
func withImports(name string, text []byte, needed map[string]string) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := selector.X.(*ast.Ident); ok && id.Obj == nil { // of no variable of the file
				used[id.Name] = true
			}
		}
		return true
	})
	for name, path := range needed {
		if used[name] && !hasImport(file, name) {
			astutil.AddImport(fset, file, path)
		}
	}
	for _, spec := range slices.Clone(file.Imports) {
		name, path := "", strings.Trim(spec.Path.Value, `"`)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if slices.Contains([]string{"net", "net/http", "errors", "fmt"}, path) && name != "_" && name != "." && !used[cmp.Or(name, base(path))] {
			astutil.DeleteNamedImport(fset, file, name, path)
		}
	}
	var out bytes.Buffer
	if err := format.Node(&out, fset, file); err != nil {
		return nil, err
	}
	text, err = format.Source(out.Bytes())
	return apart(text), err
}

// paragraph is a paragraph of imports.
var paragraph = regexp.MustCompile(`(?m)(^\t(\w+ )?"[^"\n]+"[^\n]*\n)+`)

// apart puts an empty line between the standard library's imports and others in serve's paragraph, as goimports does.
func apart(text []byte) []byte {
	return paragraph.ReplaceAllFunc(text, func(all []byte) []byte {
		if !bytes.Contains(all, []byte(serveImport)) {
			return all
		}
		var standard, others [][]byte
		for line := range bytes.Lines(all) {
			if bytes.ContainsRune(line, '.') {
				others = append(others, line)
			} else {
				standard = append(standard, line)
			}
		}
		if len(standard) > 0 {
			standard = append(standard, []byte("\n"))
		}
		return slices.Concat(slices.Concat(standard...), slices.Concat(others...))
	})
}

// hasImport reports whether a file imports something under that name.
func hasImport(file *ast.File, name string) bool {
	for _, spec := range file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		if spec.Name != nil && spec.Name.Name == name || spec.Name == nil && base(path) == name {
			return true
		}
	}
	return false
}
