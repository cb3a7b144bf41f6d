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

// inLine refuses a call in a goroutine, and in a function literal unless that is the value of a field, as in a table of commands.
func (e *editor) inLine(b body, path []ast.Node) error {
	for i, n := range path {
		switch n := n.(type) {
		case *ast.GoStmt:
			return byHand("%s: it is served in a goroutine; serve.Run wants to be what main waits for", e.place(b, n))
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
	if !ok || f.Type.Results == nil || len(f.Type.Results.List) == 0 || e.done[f] {
		return nil
	}
	e.done[f] = true
	of := functionOf(b.pkg, f)
	var err error
	for _, caller := range c.program {
		ast.Inspect(caller.node, func(n ast.Node) bool {
			expr, ok := n.(*ast.CallExpr)
			if !ok || err != nil || !isCallee(caller, expr, of) {
				return err == nil
			}
			if last := f.Type.Results.List[len(f.Type.Results.List)-1]; types.TypeString(b.pkg.TypesInfo.TypeOf(last.Type), nil) == "error" {
				err = e.safely(caller, expr, e.text(caller.pkg, expr))
			}
			if err == nil {
				err = e.callers(c, caller)
			}
			return true
		})
	}
	return err
}

func isCallee(b body, c *ast.CallExpr, f *types.Func) bool {
	id, _ := ast.Unparen(c.Fun).(*ast.Ident)
	if selector, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr); ok {
		id = selector.Sel
	}
	return id != nil && f != nil && b.pkg.TypesInfo.Uses[id] == types.Object(f)
}
