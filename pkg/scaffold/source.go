package scaffold

import (
	"go/ast"
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
