package scaffold

import (
	"go/ast"
	"go/constant"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/types/typeutil"
)

// values knows what is assigned to what, anywhere in a program: enough to see the address that a server listens on unless
// somebody configures another.
type values struct {
	program []body
	// assigned are the expressions that a variable, a field or a parameter gets, and those that a function returns.
	assigned map[types.Object][]value
	// addrs are those that the field Addr of a variable gets that is an http.Server.
	addrs map[types.Object][]value
}

type value struct {
	pkg  *packages.Package
	expr ast.Expr
}

func newValues(program []body) *values {
	v := &values{program: program, assigned: map[types.Object][]value{}, addrs: map[types.Object][]value{}}
	for _, b := range program {
		ast.Inspect(b.node, func(n ast.Node) bool {
			v.collect(b, n)
			return true
		})
	}
	return v
}

func (v *values) collect(b body, n ast.Node) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		v.pairs(b, n.Lhs, n.Rhs)
	case *ast.ValueSpec:
		names := make([]ast.Expr, len(n.Names))
		for i, name := range n.Names {
			names[i] = name
		}
		v.pairs(b, names, n.Values)
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok {
			v.assign(b, b.pkg.TypesInfo.Uses[key], n.Value)
		}
	case *ast.FuncDecl:
		v.returns(b, n)
	case *ast.CallExpr:
		if to, is, ok := b.flag(n); ok && to != nil {
			v.assign(b, b.object(to), is)
		}
		if f, ok := typeutil.Callee(b.pkg.TypesInfo, n).(*types.Func); ok {
			params := f.Signature().Params()
			for i := range min(params.Len(), len(n.Args)) {
				v.assign(b, params.At(i), n.Args[i])
			}
		}
	}
}

// pairs notes an assignment; of a call with several results the first counts.
func (v *values) pairs(b body, to, is []ast.Expr) {
	for i := range min(len(to), len(is)) {
		object := b.object(to[i])
		v.assign(b, object, is[i])
		if selector, ok := to[i].(*ast.SelectorExpr); ok && selector.Sel.Name == "Addr" {
			if server := b.object(selector.X); server != nil {
				v.addrs[server] = append(v.addrs[server], value{b.pkg, is[i]})
			}
		}
	}
}

func (v *values) assign(b body, to types.Object, is ast.Expr) {
	if to != nil {
		v.assigned[to] = append(v.assigned[to], value{b.pkg, is})
	}
}

func (v *values) returns(b body, f *ast.FuncDecl) {
	if f.Body == nil || functionOf(b.pkg, f) == nil {
		return
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
			v.assign(b, functionOf(b.pkg, f), r.Results[0])
		}
		_, inner := n.(*ast.FuncLit)
		return !inner
	})
}

// object is the variable or field that an expression names.
func (b body) object(e ast.Expr) types.Object { return objectOf(b.pkg, e) }

func objectOf(p *packages.Package, e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return p.TypesInfo.ObjectOf(e)
	case *ast.SelectorExpr:
		return p.TypesInfo.Uses[e.Sel]
	case *ast.UnaryExpr:
		return objectOf(p, e.X)
	case *ast.StarExpr:
		return objectOf(p, e.X)
	}
	return nil
}

// flag is a call of flag or pflag that defines an option: what it sets, nil where it returns that, and the default.
func (b body) flag(c *ast.CallExpr) (to, is ast.Expr, ok bool) {
	m := regexp.MustCompile(`^\(?\*?(?:flag|github\.com/spf13/pflag)(?:\.FlagSet\))?\.(?:String|U?[iI]nt(?:16|32|64)?)(Var)?(P)?$`).FindStringSubmatch(b.called(c))
	if m == nil {
		return nil, nil, false
	}
	at := 1
	if m[1] != "" {
		at++
	}
	if m[2] != "" {
		at++
	}
	if len(c.Args) <= at {
		return nil, nil, false
	}
	if m[1] != "" {
		to = c.Args[0]
	}
	return to, c.Args[at], true
}

// one is the only text, but for an empty one, that an expression can have, "" if there is none or are several.
func (v *values) one(at value, depth int) string {
	all := v.all(at, depth)
	slices.Sort(all)
	all = slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
	if len(all) != 1 {
		return ""
	}
	return all[0]
}

// all are the texts that an expression can have, as far as they are written in the program.
func (v *values) all(at value, depth int) []string {
	if at.expr == nil || depth > 20 {
		return nil
	}
	if c := at.pkg.TypesInfo.Types[at.expr].Value; c != nil {
		if c.Kind() == constant.String {
			return []string{constant.StringVal(c)}
		}
		return []string{c.ExactString()}
	}
	depth++
	switch e := ast.Unparen(at.expr).(type) {
	case *ast.Ident, *ast.SelectorExpr:
		return v.ofObject(objectOf(at.pkg, e), depth)
	case *ast.StarExpr:
		return v.all(value{at.pkg, e.X}, depth)
	case *ast.UnaryExpr:
		return v.all(value{at.pkg, e.X}, depth)
	case *ast.BinaryExpr:
		return v.join(at, depth, e.X, e.Y)
	case *ast.CallExpr:
		return v.ofCall(at, e, depth)
	}
	return nil
}

func (v *values) ofObject(o types.Object, depth int) []string {
	var all []string
	for _, is := range v.assigned[o] {
		all = append(all, v.all(is, depth)...)
	}
	return all
}

// join is one text after the other, if each can only be one.
func (v *values) join(at value, depth int, parts ...ast.Expr) []string {
	var text strings.Builder
	for _, part := range parts {
		one := v.one(value{at.pkg, part}, depth)
		if one == "" {
			return nil
		}
		text.WriteString(one)
	}
	return []string{text.String()}
}

func (v *values) ofCall(at value, c *ast.CallExpr, depth int) []string {
	if at.pkg.TypesInfo.Types[c.Fun].IsType() && len(c.Args) == 1 { // a conversion
		return v.all(value{at.pkg, c.Args[0]}, depth)
	}
	b := body{pkg: at.pkg}
	if _, is, ok := b.flag(c); ok {
		return v.all(value{at.pkg, is}, depth)
	}
	arg := func(i int) string {
		if i >= len(c.Args) {
			return ""
		}
		return v.one(value{at.pkg, c.Args[i]}, depth)
	}
	name := b.called(c)
	switch name {
	case "fmt.Sprintf":
		format := arg(0)
		for i := 1; i < len(c.Args); i++ {
			verb := regexp.MustCompile(`%[dsv]`).FindStringIndex(format)
			if verb == nil || arg(i) == "" {
				return nil
			}
			format = format[:verb[0]] + arg(i) + format[verb[1]:]
		}
		return []string{format}
	case "net.JoinHostPort":
		if arg(0) != "" && arg(1) != "" {
			return []string{arg(0) + ":" + arg(1)}
		}
		return nil
	case "cmp.Or":
		for i := range c.Args {
			if arg(i) != "" {
				return []string{arg(i)}
			}
		}
		return nil
	case "strconv.Itoa", "fmt.Sprint":
		if len(c.Args) != 1 {
			return nil
		}
		return v.all(value{at.pkg, c.Args[0]}, depth)
	case "net.Listen":
		return v.all(value{at.pkg, c.Args[1]}, depth)
	}
	f, _ := typeutil.Callee(at.pkg.TypesInfo, c).(*types.Func)
	if f == nil {
		return nil
	}
	if strings.Contains(strings.ToLower(f.Name()), "env") && len(c.Args) == 2 { // envOr("PORT", "8080")
		return []string{arg(1)}
	}
	return v.ofObject(f, depth)
}

// serverAddr is the text of the field Addr of an http.Server.
func (v *values) serverAddr(at value) string {
	texts := map[string]bool{}
	v.eachOrigin(at, 0, func(is value) {
		literal, ok := is.expr.(*ast.CompositeLit)
		if !ok {
			for _, addr := range v.addrs[objectOf(is.pkg, is.expr)] {
				texts[v.one(addr, 0)] = true
			}
			return
		}
		for _, field := range literal.Elts {
			if pair, ok := field.(*ast.KeyValueExpr); ok {
				if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Addr" {
					texts[v.one(value{is.pkg, pair.Value}, 0)] = true
				}
			}
		}
	})
	delete(texts, "")
	if len(texts) != 1 {
		return ""
	}
	return sortedKeys(texts)[0]
}

// eachOrigin calls found with the literals that an expression can be, and with the names by which it gets at them.
func (v *values) eachOrigin(at value, depth int, found func(value)) {
	if depth > 20 {
		return
	}
	depth++
	switch e := ast.Unparen(at.expr).(type) {
	case *ast.UnaryExpr:
		v.eachOrigin(value{at.pkg, e.X}, depth, found)
	case *ast.CompositeLit:
		found(value{at.pkg, e})
	case *ast.Ident, *ast.SelectorExpr:
		found(value{at.pkg, e})
		for _, is := range v.assigned[objectOf(at.pkg, e)] {
			v.eachOrigin(is, depth, found)
		}
	case *ast.CallExpr:
		if f, ok := typeutil.Callee(at.pkg.TypesInfo, e).(*types.Func); ok {
			for _, is := range v.assigned[types.Object(f)] {
				v.eachOrigin(is, depth, found)
			}
		}
	}
}
