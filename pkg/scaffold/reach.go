package scaffold

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/packages"
)

// body is code that a program may run.
type body struct {
	pkg  *packages.Package
	file *ast.File
	node ast.Node
}

// code is what a program may run, of its own module: what main and the initialisation of its packages mention, and what that
// mentions. A call through an interface counts for all methods of that name.
func code(pkgs []*packages.Package) []body {
	functions := map[string]body{}
	methods := map[string][]string{}
	var todo []body
	for _, p := range pkgs {
		for _, file := range p.Syntax {
			for _, decl := range file.Decls {
				b := body{p, file, decl}
				f, isFunction := decl.(*ast.FuncDecl)
				switch {
				case !isFunction, f.Name.Name == "init", f.Name.Name == "main" && p.Name == "main" && f.Recv == nil:
					todo = append(todo, b)
				case functionOf(p, f) != nil:
					name := functionOf(p, f).FullName()
					functions[name] = b
					if f.Recv != nil {
						methods[f.Name.Name] = append(methods[f.Name.Name], name)
					}
				}
			}
		}
	}
	var all []body
	for len(todo) > 0 {
		b := todo[0]
		todo = todo[1:]
		all = append(all, b)
		ast.Inspect(b.node, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			f, ok := b.pkg.TypesInfo.Uses[id].(*types.Func)
			if !ok {
				return true
			}
			names := []string{f.Origin().FullName()}
			if recv := f.Signature().Recv(); recv != nil && types.IsInterface(recv.Type()) {
				names = methods[f.Name()]
			}
			for _, name := range names {
				if b, ok := functions[name]; ok {
					delete(functions, name)
					todo = append(todo, b)
				}
			}
			return true
		})
	}
	return all
}
