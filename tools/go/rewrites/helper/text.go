package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// stringBuilder makes a strings.Builder (bytes.Buffer before Go 1.10) of a local string that a loop appends to.
func stringBuilder(p *place) {
	assign, ok := find[*ast.AssignStmt](p)
	if !ok || len(assign.Lhs) != 1 {
		refuse("it isn't an assignment")
	}
	text, _ := p.object(assign.Lhs[0]).(*types.Var)
	if text == nil || text.IsField() || text.Parent() == p.pkg.Scope() || text.Type() != types.Typ[types.String] {
		refuse("what grows isn't a local string")
	}
	if len(p.loopsAround(nil)) == 0 {
		refuse("it isn't inside a loop")
	}
	decl := p.localDeclaration(text)
	for _, loop := range p.loopsAround(nil) {
		if text.Pos() >= loop.Pos() && text.Pos() < loop.End() && loop == p.loopsAround(nil)[0] {
			refuse("the string lives for one round of the loop only")
		}
	}
	parents := parentsIn(p.function())
	done := map[ast.Node]bool{}
	for _, id := range p.uses(p.function(), text) {
		if p.insideFunctionLiteral(id) {
			refuse("%s is used by a closure", text.Name())
		}
		p.rewriteStringUse(text, id, parents, done)
	}
	replacement := "var " + text.Name() + " " + p.textBuffer()
	if decl.initial != "" {
		replacement += "\n" + text.Name() + ".WriteString(" + decl.initial + ")"
	}
	p.replace(decl.statement, replacement)
}

type local struct {
	statement ast.Stmt
	initial   string // "" for the empty string
}

// localDeclaration finds `s := ""`, `var s string` or `s := expression`.
func (p *place) localDeclaration(v *types.Var) local {
	var found *local
	ast.Inspect(p.function().Body, func(n ast.Node) bool {
		switch s := n.(type) {
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE && len(s.Lhs) == 1 && len(s.Rhs) == 1 && p.info.Defs[asIdent(s.Lhs[0])] == v {
				found = &local{s, p.initialText(s.Rhs[0])}
			}
		case *ast.DeclStmt:
			g, ok := s.Decl.(*ast.GenDecl)
			if !ok || len(g.Specs) != 1 {
				return true
			}
			spec, ok := g.Specs[0].(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || p.info.Defs[spec.Names[0]] != v || len(spec.Values) > 1 {
				return true
			}
			found = &local{statement: s}
			if len(spec.Values) == 1 {
				found.initial = p.initialText(spec.Values[0])
			}
		}
		return true
	})
	if found == nil {
		refuse("%s is a parameter, a result, or declared together with others", v.Name())
	}
	if !p.isStatementOfBlock(found.statement) {
		refuse("%s is declared in the head of a statement", v.Name())
	}
	return *found
}

func asIdent(e ast.Expr) *ast.Ident {
	id, _ := e.(*ast.Ident)
	return id
}

func (p *place) initialText(e ast.Expr) string {
	if value := p.info.Types[e].Value; value != nil && value.Kind() == constant.String && constant.StringVal(value) == "" {
		return ""
	}
	return p.text(e)
}

func (p *place) rewriteStringUse(v *types.Var, id *ast.Ident, parents map[ast.Node]ast.Node, done map[ast.Node]bool) {
	switch parent := parents[id].(type) {
	case *ast.UnaryExpr:
		if parent.Op == token.AND {
			refuse("the address of %s is taken", v.Name())
		}
	case *ast.AssignStmt:
		if isLeft(parent, id) {
			p.rewriteStringWrite(v, parent, done)
			return
		}
	case *ast.RangeStmt:
		if parent.Key == ast.Expr(id) || parent.Value == ast.Expr(id) {
			refuse("%s is a loop variable", v.Name())
		}
	}
	for n := parents[id]; n != nil; n = parents[n] {
		if done[n] {
			return // within an append that was rewritten as a whole
		}
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == 1 && p.object(a.Lhs[0]) == v && a.Tok != token.DEFINE {
			if left, ok := p.grown(v, a); ok && len(left) > 0 {
				for _, part := range left {
					if len(p.uses(part, v)) > 0 {
						refuse("%s is read while it is appended to", v.Name())
					}
				}
				return
			}
		}
	}
	p.replace(id, v.Name()+".String()")
}

// rewriteStringWrite turns s += a + b into one WriteString each, and s = "" into Reset.
func (p *place) rewriteStringWrite(v *types.Var, assign *ast.AssignStmt, done map[ast.Node]bool) {
	if len(assign.Lhs) != 1 || len(assign.Rhs) != 1 {
		refuse("%s is assigned together with others", v.Name())
	}
	parts, ok := p.grown(v, assign)
	if !ok {
		if assign.Tok == token.ASSIGN && p.initialText(assign.Rhs[0]) == "" {
			p.replace(assign, v.Name()+".Reset()")
			return
		}
		refuse("%s is assigned in another way than by appending", v.Name())
	}
	var lines []string
	for _, part := range parts {
		if len(p.uses(part, v)) > 0 {
			refuse("%s is read while it is appended to", v.Name())
		}
		lines = append(lines, v.Name()+".WriteString("+p.text(part)+")")
	}
	p.replace(assign, strings.Join(lines, "\n"))
	done[assign] = true
}

// grown gives what is appended by s += a + b, or s = s + a + b.
func (p *place) grown(v *types.Var, assign *ast.AssignStmt) ([]ast.Expr, bool) {
	parts := operands(assign.Rhs[0])
	switch assign.Tok {
	case token.ADD_ASSIGN:
	case token.ASSIGN:
		if len(parts) < 2 || p.object(parts[0]) != v {
			return nil, false
		}
		parts = parts[1:]
	default:
		return nil, false
	}
	for _, part := range parts {
		if p.info.TypeOf(part).Underlying() != types.Typ[types.String] && p.info.Types[part].Value == nil {
			return nil, false
		}
	}
	return parts, true
}

func operands(e ast.Expr) []ast.Expr {
	if sum, ok := e.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
		return append(operands(sum.X), operands(sum.Y)...)
	}
	return []ast.Expr{e}
}

// directConversion writes fmt.Sprintf of strings and integers as conversions and concatenation.
func directConversion(p *place) {
	call, ok := find[*ast.CallExpr](p)
	if !ok {
		refuse("it isn't a call")
	}
	var pieces []string
	switch p.callee(call) {
	case "fmt.Sprint":
		if len(call.Args) != 1 {
			refuse("fmt.Sprint puts spaces between some operands")
		}
		pieces = []string{p.convert(call.Args[0], 'v')}
	case "fmt.Sprintf":
		pieces = p.formatPieces(call)
	default:
		refuse("it isn't fmt.Sprintf or fmt.Sprint")
	}
	text := strings.Join(pieces, " + ")
	if len(pieces) == 0 {
		text = `""`
	}
	if len(pieces) > 1 {
		switch parent := parentsIn(p.file)[call].(type) {
		case *ast.BinaryExpr:
			if parent.Op != token.ADD {
				text = "(" + text + ")"
			}
		case *ast.IndexExpr, *ast.SliceExpr:
			text = "(" + text + ")"
		}
	}
	p.replace(call, text)
}

func (p *place) formatPieces(call *ast.CallExpr) []string {
	if len(call.Args) == 0 || call.Ellipsis.IsValid() {
		refuse("the operands aren't written out")
	}
	value := p.info.Types[call.Args[0]].Value
	if value == nil || value.Kind() != constant.String {
		refuse("the format isn't constant")
	}
	var pieces []string
	literal := ""
	rest := call.Args[1:]
	format := constant.StringVal(value)
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			literal += format[i : i+1]
			continue
		}
		i++
		if i == len(format) {
			refuse("the format ends in %%")
		}
		if format[i] == '%' {
			literal += "%"
			continue
		}
		if !strings.ContainsRune("dsv", rune(format[i])) || len(rest) == 0 {
			refuse("the format has widths, flags or verbs that need package fmt")
		}
		if literal != "" {
			pieces = append(pieces, strconv.Quote(literal))
			literal = ""
		}
		pieces = append(pieces, p.convert(rest[0], format[i]))
		rest = rest[1:]
	}
	if len(rest) > 0 {
		refuse("there are more operands than verbs")
	}
	if literal != "" {
		pieces = append(pieces, strconv.Quote(literal))
	}
	return pieces
}

// convert writes one operand: only types whose formatting is plain (no String, Error or Format method).
func (p *place) convert(e ast.Expr, verb byte) string {
	t := types.Unalias(p.info.TypeOf(e))
	basic, ok := types.Default(t).Underlying().(*types.Basic)
	if !ok {
		refuse("an operand of type %s needs package fmt", t)
	}
	if named, isNamed := t.(*types.Named); isNamed && (verb != 'd' || hasMethod(named, "Format")) {
		refuse("the type %s may format itself", named)
	}
	text := p.text(e)
	info := basic.Info()
	switch {
	case info&types.IsString != 0 && (verb == 's' || verb == 'v'):
		if _, isSum := e.(*ast.BinaryExpr); isSum {
			return "(" + text + ")"
		}
		return text
	case info&types.IsInteger != 0 && (verb == 'd' || verb == 'v'):
		name := p.packageName("strconv")
		switch {
		case t == types.Typ[types.Int] || t == types.Typ[types.UntypedInt]:
			return name + ".Itoa(" + text + ")"
		case info&types.IsUnsigned != 0:
			return name + ".FormatUint(uint64(" + text + "), 10)"
		default:
			return name + ".FormatInt(int64(" + text + "), 10)"
		}
	}
	refuse("%%%c of %s needs package fmt", verb, t)
	return ""
}

func hasMethod(named *types.Named, name string) bool {
	methods := types.NewMethodSet(types.NewPointer(named))
	return methods.Lookup(named.Obj().Pkg(), name) != nil
}
