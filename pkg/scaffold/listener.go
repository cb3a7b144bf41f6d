package scaffold

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/astutil"
)

// withoutListener takes the call of net.Listen out of the program, whose socket systemd binds now, and returns the code of the
// address.
func (e *editor) withoutListener() (string, error) {
	s := e.server
	lost := byHand("the listener is made somewhere else than the server; serve.Run listens by itself, on the address of the server")
	id, ok := s.operand(s.listener).(*ast.Ident)
	if !ok {
		return "", lost
	}
	listener := s.pkg.TypesInfo.ObjectOf(id)
	if listener == nil || listener.Pos() < s.node.Pos() || listener.Pos() > s.node.End() {
		return "", lost
	}
	path, _ := astutil.PathEnclosingInterval(s.file, listener.Pos(), listener.Pos())
	if len(path) < 3 {
		return "", lost
	}
	assign, isAssign := path[1].(*ast.AssignStmt)
	block, isBlock := path[2].(*ast.BlockStmt)
	if !isAssign || !isBlock || len(assign.Lhs) != 2 || len(assign.Rhs) != 1 {
		return "", lost
	}
	second, ok := assign.Lhs[1].(*ast.Ident)
	if !ok {
		return "", lost
	}
	failure := s.pkg.TypesInfo.ObjectOf(second) // nil for "_"
	listen, ok := assign.Rhs[0].(*ast.CallExpr)
	if !ok || s.called(listen) != "net.Listen" {
		return "", lost
	}
	gone := []ast.Node{assign}
	if check := after(block, assign, failure, s.body); check != nil {
		gone = append(gone, check)
	}
	addr := e.text(s.pkg, listen.Args[1])
	if err := e.forget(listener, gone, addr); err != nil {
		return "", err
	}
	text := ""
	if failure != nil && e.uses(failure, gone) > 0 {
		text = "var " + failure.Name() + " error"
	}
	e.add(s.body, assign.Pos(), gone[len(gone)-1].End(), text)
	return addr, nil
}

// after is the statement behind another, if it is an if about err.
func after(block *ast.BlockStmt, statement ast.Stmt, err types.Object, b body) ast.Stmt {
	for i, s := range block.List[:len(block.List)-1] {
		next, ok := block.List[i+1].(*ast.IfStmt)
		if s != statement || !ok || next.Init != nil || err == nil {
			continue
		}
		found := false
		ast.Inspect(next.Cond, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			found = found || ok && b.pkg.TypesInfo.Uses[id] == err
			return true
		})
		if found {
			return next
		}
	}
	return nil
}

// forget replaces what else the listener is used for: its address. It is closed by serve.Run.
func (e *editor) forget(listener types.Object, gone []ast.Node, addr string) error {
	s := e.server
	var err error
	e.eachUse(listener, gone, func(path []ast.Node) {
		selector, ok := path[1].(*ast.SelectorExpr)
		call, isCall := path[2].(*ast.CallExpr)
		switch {
		case path[0].Pos() >= s.expr.Pos() && path[0].End() <= s.expr.End(): // the call that serves
		case ok && isCall && selector.Sel.Name == "Addr":
			if method, ok := path[3].(*ast.SelectorExpr); ok && method.Sel.Name == "String" {
				e.add(s.body, call.Pos(), path[4].End(), addr)
				return
			}
			e.add(s.body, call.Pos(), call.End(), addr)
		default:
			err = byHand("%s: the listener is used for something else as well", e.place(s.body, path[0]))
		}
	})
	return err
}

func (e *editor) uses(o types.Object, gone []ast.Node) (n int) {
	e.eachUse(o, gone, func([]ast.Node) { n++ })
	return n
}

// eachUse calls found with the nodes that a use of o is in, the inmost first, but for uses in what is gone.
func (e *editor) eachUse(o types.Object, gone []ast.Node, found func(path []ast.Node)) {
	ast.Inspect(e.server.node, func(n ast.Node) bool {
		for _, g := range gone {
			if n == g {
				return false
			}
		}
		if id, ok := n.(*ast.Ident); ok && e.server.pkg.TypesInfo.Uses[id] == o {
			path, _ := astutil.PathEnclosingInterval(e.server.file, id.Pos(), id.End())
			found(path)
		}
		return true
	})
}
