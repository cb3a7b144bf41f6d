package scaffold

import (
	"go/ast"
	"go/constant"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// commandTypes are the types whose values are commands of a program, by their names without major versions, and the field with the
// name of the command.
var commandTypes = map[string]string{"github.com/spf13/cobra.Command": "Use", "github.com/urfave/cli.Command": "Name"}

// starts are the ways to run such a command as the program itself.
var starts = []string{
	"(*github.com/spf13/cobra.Command).Execute", "(*github.com/spf13/cobra.Command).ExecuteContext", "(*github.com/urfave/cli.Command).Run",
}

// argument is the command with which the program has to be called in order to serve, as in "app serve"; "" if there is none, or none of
// a known form.
func (c *command) argument() string {
	leads, values := c.leading(), newValues(c.program)
	whole := map[*ast.CompositeLit]bool{}
	found := map[*ast.CompositeLit]string{}
	for _, b := range c.program {
		ast.Inspect(b.node, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if selector, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains(starts, b.called(n)) {
					values.eachOrigin(value{b.pkg, selector.X}, 0, func(is value) {
						if literal, ok := is.expr.(*ast.CompositeLit); ok {
							whole[literal] = true
						}
					})
				}
			case *ast.CompositeLit:
				if name, runs := b.command(n, leads); runs {
					found[n] = name
				}
			}
			return true
		})
	}
	var names []string
	for literal, name := range found {
		if whole[literal] {
			return "" // it serves without being told
		}
		names = append(names, name)
	}
	if len(names) != 1 {
		return ""
	}
	return names[0]
}

// command is the name of a command, and whether it leads to the call that serves.
func (b body) command(literal *ast.CompositeLit, leads func(body, ast.Node) bool) (name string, runs bool) {
	field, ok := commandTypes[b.typeName(literal)]
	if !ok {
		return "", false
	}
	for _, e := range literal.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return "", false
		}
		switch key, _ := pair.Key.(*ast.Ident); {
		case key == nil:
		case key.Name == field:
			name = b.firstWord(pair.Value)
		case slices.Contains([]string{"Run", "RunE", "Action"}, key.Name):
			runs = leads(b, pair.Value)
		}
	}
	return name, runs
}

// typeName is the full name of the type of a literal, without major versions.
func (b body) typeName(literal *ast.CompositeLit) string {
	t := b.pkg.TypesInfo.TypeOf(literal)
	if p, ok := t.(*types.Pointer); ok { // an element whose type is left out
		t = p.Elem()
	}
	return regexp.MustCompile(`/v[0-9]+\.`).ReplaceAllString(types.TypeString(t, nil), ".")
}

// firstWord is that of a constant, "" if it is none that can stand in a command line as it is.
func (b body) firstWord(e ast.Expr) string {
	c := b.pkg.TypesInfo.Types[e].Value
	if c == nil || c.Kind() != constant.String {
		return ""
	}
	word, _, _ := strings.Cut(constant.StringVal(c), " ")
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`).FindString(word)
}

// leading tells of code of the program whether it comes to the call that serves.
func (c *command) leading() func(body, ast.Node) bool {
	functions := map[string]bool{}
	leads := func(b body, n ast.Node) (yes bool) {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				yes = yes || slices.ContainsFunc(c.serving, func(s call) bool { return s.expr == n })
			case *ast.Ident:
				f, ok := b.pkg.TypesInfo.Uses[n].(*types.Func)
				yes = yes || ok && functions[f.Origin().FullName()]
			}
			return !yes
		})
		return yes
	}
	for grown := true; grown; {
		grown = false
		for _, b := range c.program {
			f, ok := b.node.(*ast.FuncDecl)
			if !ok || functionOf(b.pkg, f) == nil || f.Body == nil {
				continue
			}
			if name := functionOf(b.pkg, f).FullName(); !functions[name] && leads(b, f.Body) {
				functions[name], grown = true, true
			}
		}
	}
	return leads
}
