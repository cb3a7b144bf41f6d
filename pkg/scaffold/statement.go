package scaffold

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
)

// What serves never returned without an error; serve.Run returns nil when everything is done. So code around the call that takes any
// return for a failure, log.Fatal(http.ListenAndServe(…)), has to look first.

// safely replaces a call by text, in a statement that will do nothing about an error that is nil.
func (e *editor) safely(b body, c *ast.CallExpr, text string) error {
	path, _ := astutil.PathEnclosingInterval(b.file, c.Pos(), c.End())
	for len(path) > 0 && path[0] != ast.Node(c) {
		path = path[1:]
	}
	if err := e.inLine(b, path); err != nil {
		return err
	}
	original := e.text(b.pkg, c)
	replace := func() error {
		if text != original {
			e.add(b, c.Pos(), c.End(), text)
		}
		return nil
	}
	switch parent := path[1].(type) {
	case *ast.ReturnStmt:
		return replace()
	case *ast.ExprStmt:
		if text != original {
			e.add(b, parent.Pos(), parent.End(), "if err := "+text+"; err != nil {\n"+e.server.fatal()+"\n}")
		}
		return nil
	case *ast.CallExpr: // log.Fatal(…)
		if statement, ok := path[2].(*ast.ExprStmt); ok {
			handle := strings.Replace(e.text(b.pkg, statement), original, "err", 1)
			e.add(b, statement.Pos(), statement.End(), "if err := "+text+"; err != nil {\n"+handle+"\n}")
			return nil
		}
	case *ast.BinaryExpr:
		if _, ok := path[2].(*ast.IfStmt); ok && parent.Op == token.NEQ && parent.X == ast.Expr(c) {
			e.add(b, parent.Y.Pos(), parent.Y.End(), "nil")
			return replace()
		}
	case *ast.AssignStmt:
		condition, err := e.condition(b, path, parent)
		if err != nil {
			return err
		}
		if err := e.onlyErrors(b, condition, parent.Lhs[0]); err != nil {
			return err
		}
		return replace()
	}
	return e.odd(b, c)
}

// fatal ends the program because of err.
func (c call) fatal() string {
	if c.means("log", "log") {
		return "log.Fatal(err)"
	}
	return "panic(err)"
}

func (e *editor) odd(b body, n ast.Node) error {
	return byHand("%s: what becomes of the result of this call is not plain: from serve.Run nil says that all is well", e.place(b, n))
}

// place is where something is in the module: "main.go:12".
func (m *module) place(b body, n ast.Node) string {
	at := b.pkg.Fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", m.relative(at.Filename), at.Line)
}

// inLine refuses a call in a goroutine or a loop, and in a function literal unless that is the value of a field, as in a table of commands.
func (e *editor) inLine(b body, path []ast.Node) error {
	for i, n := range path {
		switch n := n.(type) {
		case *ast.GoStmt:
			return byHand("%s: it is served in a goroutine; serve.Run wants to be what main waits for", e.place(b, n))
		case *ast.ForStmt, *ast.RangeStmt:
			return byHand("%s: it is served in a loop; when serve.Run returns nil, the program has to end", e.place(b, n))
		case *ast.FuncLit:
			if _, ok := path[i+1].(*ast.KeyValueExpr); !ok {
				return byHand("%s: it is served in a function literal; serve.Run wants to be what main waits for", e.place(b, n))
			}
		}
	}
	return nil
}

// condition is that of the if that looks at the error which an assignment sets: its own, or the next statement.
func (e *editor) condition(b body, path []ast.Node, assign *ast.AssignStmt) (ast.Expr, error) {
	if len(assign.Lhs) != 1 {
		return nil, e.odd(b, assign)
	}
	if parent, ok := path[2].(*ast.IfStmt); ok && parent.Init == ast.Stmt(assign) {
		return parent.Cond, nil
	}
	if block, ok := path[2].(*ast.BlockStmt); ok {
		for i, statement := range block.List[:len(block.List)-1] {
			next, isIf := block.List[i+1].(*ast.IfStmt)
			if statement == ast.Stmt(assign) && isIf && next.Init == nil {
				return next.Cond, nil
			}
		}
	}
	return nil, e.odd(b, assign)
}

// onlyErrors sees to it that a condition about err does not hold for nil, as err != http.ErrServerClosed does.
func (e *editor) onlyErrors(b body, condition ast.Expr, err ast.Expr) error {
	name := e.text(b.pkg, err)
	if strings.Contains(e.text(b.pkg, condition), name+" != nil") {
		return nil
	}
	about := condition
	switch not := condition.(type) {
	case *ast.BinaryExpr:
		if about = not.X; not.Op != token.NEQ {
			return e.odd(b, condition)
		}
	case *ast.UnaryExpr: // !errors.Is(err, http.ErrServerClosed)
		is, ok := not.X.(*ast.CallExpr)
		if not.Op != token.NOT || !ok || len(is.Args) != 2 {
			return e.odd(b, condition)
		}
		about = is.Args[0]
	}
	if about == condition || e.text(b.pkg, about) != name {
		return e.odd(b, condition)
	}
	e.add(b, condition.Pos(), condition.End(), name+" != nil")
	return nil
}

// callers has those that call the function in which b is look at its result in the same way, up to main.
func (e *editor) callers(c *command, b body) error {
	f, ok := b.node.(*ast.FuncDecl)
	if !ok || e.done[f] || f.Recv == nil && f.Name.Name == "main" && b.pkg.Name == "main" {
		return nil
	}
	e.done[f] = true
	of, isUsed := functionOf(b.pkg, f), false
	var err error
	for _, caller := range c.program {
		ast.Inspect(caller.node, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && err == nil && caller.pkg.TypesInfo.Uses[id] == types.Object(of) {
				isUsed = true
				err = e.caller(c, caller, id, of)
			}
			return err == nil
		})
	}
	if err == nil && !isUsed {
		err = byHand("%s: it is not seen who calls this function", e.place(b, f))
	}
	return err
}

// caller is one place where such a function is named: it is called there, or is what a command of the program runs.
func (e *editor) caller(c *command, b body, id *ast.Ident, f *types.Func) error {
	path, _ := astutil.PathEnclosingInterval(b.file, id.Pos(), id.End())
	at := 1
	if selector, ok := path[at].(*ast.SelectorExpr); ok && selector.Sel == id {
		at++
	}
	call, isCall := path[at].(*ast.CallExpr)
	if isCall && call.Fun == path[at-1] {
		var err error
		if results := f.Signature().Results(); results.Len() > 0 && types.TypeString(results.At(results.Len()-1).Type(), nil) == "error" {
			err = e.safely(b, call, e.text(b.pkg, call))
		} else {
			err = e.inLine(b, path[at:])
		}
		if err == nil {
			err = e.callers(c, b)
		}
		return err
	}
	if isCall && b.pkg.TypesInfo.Types[call.Fun].IsType() { // a conversion
		at++
	}
	switch parent := path[at].(type) {
	case *ast.KeyValueExpr:
		return nil
	case *ast.AssignStmt:
		if _, isField := parent.Lhs[0].(*ast.SelectorExpr); isField {
			return nil
		}
	}
	return byHand("%s: %s is passed on here; serve.Run wants to be what main waits for", e.place(b, id), f.Name())
}
