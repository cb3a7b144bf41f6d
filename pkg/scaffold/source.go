package scaffold

import (
	"go/ast"
	"go/types"
	"os"

	"golang.org/x/tools/go/packages"
)

// text is code as it is written.
func (m *module) text(p *packages.Package, n ast.Node) string {
	file := p.Fset.File(n.Pos())
	source, err := os.ReadFile(file.Name())
	if err != nil || len(source) < file.Offset(n.End()) { // it has changed since it was parsed
		return ""
	}
	return string(source[file.Offset(n.Pos()):file.Offset(n.End())])
}

// pointer is code of a pointer to the server whose method is called. Where the method is that of an embedded field, the server is that
// field.
func (m *module) pointer(c call) string {
	e := c.operand(c.form.server)
	text, t := m.text(c.pkg, e), c.pkg.TypesInfo.TypeOf(e)
	selector, ok := ast.Unparen(c.expr.Fun).(*ast.SelectorExpr)
	if selection := c.pkg.TypesInfo.Selections[selector]; ok && selection != nil && c.form.server == 0 {
		for _, i := range selection.Index()[:len(selection.Index())-1] {
			if p, ok := t.Underlying().(*types.Pointer); ok {
				t = p.Elem()
			}
			field := t.Underlying().(*types.Struct).Field(i)
			text, t = text+"."+field.Name(), field.Type()
		}
	}
	if _, ok := t.Underlying().(*types.Pointer); !ok {
		text = "&" + text
	}
	return text
}
