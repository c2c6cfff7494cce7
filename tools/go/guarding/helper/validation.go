package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"sort"
	"strings"
)

// refusal is a condition under which a function returns an error or panics.
type refusal struct {
	function *function
	at       ast.Node
	says     string   // what it says by: the error's text or name, "" where an error is passed on
	atoms    []string // the parts of its condition, without the names of local variables
	all      bool     // all parts must hold
	never    bool     // its condition is false
}

// lostChecks objects to refusals, and to checks of bounds, that the old version has on some way to it and the new one
// on the same way hasn't. A check that stands elsewhere on the way has moved, and one whose words changed is still
// there.
func lostChecks(before, after *side) (found []objection) {
	reported := map[ast.Node]bool{}
	for _, w := range ways(before, after) {
		var now *conditions
		reachedNow := map[string]bool{}
		for _, f := range w.after {
			reachedNow[f.key] = true
		}
		for _, f := range w.before {
			unchanged := after.has(f)
			if unchanged && (reachedNow[f.key] || !f.validates()) || len(f.refusals())+len(f.bounds()) == 0 {
				continue
			}
			if now == nil {
				now = conditionsOf(w.after)
			}
			for _, old := range f.refusals() {
				if reported[old.at] || old.never {
					continue
				}
				if why := now.lacks(old); why != "" {
					reported[old.at] = true
					found = append(found, objection{
						Rule: validated, File: f.source.name, Line: f.source.line(old.at),
						Detail: why + ", which " + f.name() + " did before: " + short(old.at),
					})
				}
			}
			for _, at := range f.bounds() {
				if !reported[at] && !now.bounds {
					reported[at] = true
					found = append(found, objection{
						Rule: validated, File: f.source.name, Line: f.source.line(at),
						Detail: "no longer checks bounds, which " + f.name() + " did before: " + short(at),
					})
				}
			}
		}
	}
	return found
}

var validator = regexp.MustCompile(`(?i)^(check|valid|verif|ensure|assert|must|require|sanit|guard|allow|authori)`)

// validates says whether a function is there to refuse: by its name, or because it returns an error and nothing else.
func (f *function) validates() bool {
	if validator.MatchString(f.decl.Name.Name) {
		return true
	}
	results := f.decl.Type.Results
	return results != nil && results.NumFields() == 1 && text(results.List[0].Type) == "error" &&
		len(f.refusals()) > 0 && !f.changesAnything()
}

// changesAnything says whether a function writes to what it is given.
func (f *function) changesAnything() (found bool) {
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		if assigned, is := n.(*ast.AssignStmt); is && assigned.Tok == token.ASSIGN {
			for _, left := range assigned.Lhs {
				found = found || !isIdent(left)
			}
		}
		return !found
	})
	return found
}

// refusals gives the function's own.
func (f *function) refusals() []refusal {
	if f.refused == nil {
		f.refused = append([]refusal{}, f.findRefusals()...)
	}
	return f.refused
}

func (f *function) findRefusals() (found []refusal) {
	if f.decl.Body == nil {
		return nil
	}
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if says, refuses := f.refuses(n.Body.List); refuses {
				found = append(found, f.refusal(n, n.Cond, says))
			}
			if other, is := n.Else.(*ast.BlockStmt); is {
				if says, refuses := f.refuses(other.List); refuses {
					found = append(found, f.refusal(n, n.Cond, says))
				}
			}
		case *ast.CaseClause:
			if says, refuses := f.refuses(n.Body); refuses && len(n.List) > 0 {
				found = append(found, f.refusal(n, n.List[0], says))
			}
		}
		return true
	})
	return found
}

func (f *function) refusal(at ast.Node, condition ast.Expr, says string) refusal {
	r := refusal{function: f, at: at, says: says}
	r.atoms, r.all = f.source.atoms(condition)
	if check := f.checkedBy(at, condition); check != "" {
		r.atoms = []string{check + "=nil"}
	}
	if value := f.source.pkg.info.Types[condition].Value; value != nil && value.Kind() == constant.Bool {
		r.never = !constant.BoolVal(value)
	}
	for _, part := range parts(condition, token.LAND) {
		if value := f.source.pkg.info.Types[part].Value; value != nil && value.Kind() == constant.Bool {
			r.never = r.never || !constant.BoolVal(value)
		}
	}
	return r
}

// checkedBy gives what is called for its error only, where that is what a refusal asks for: _, err := time.Parse(…).
// What writes or closes is called for what it does.
func (f *function) checkedBy(at ast.Node, condition ast.Expr) string {
	compared, is := unparen(condition).(*ast.BinaryExpr)
	if !is || compared.Op != token.NEQ || text(compared.Y) != "nil" {
		return ""
	}
	subject, is := unparen(compared.X).(*ast.Ident)
	if !is {
		return ""
	}
	var call *ast.CallExpr
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		set, is := n.(*ast.AssignStmt)
		if !is || set.Pos() >= condition.Pos() || len(set.Rhs) != 1 {
			return true
		}
		last := len(set.Lhs) - 1
		id, is := set.Lhs[last].(*ast.Ident)
		if is && f.object(id) != nil && f.object(id) == f.object(subject) {
			call = nil
			if blank(set.Lhs[:last]) {
				call, _ = unparen(set.Rhs[0]).(*ast.CallExpr)
			}
		}
		return true
	})
	if call == nil || effects.MatchString(calledName(call)) {
		return ""
	}
	return f.source.erase(call.Fun)
}

var effects = regexp.MustCompile(`^(Write|Print|Fprint|Copy|Flush|Close|Reset|Encode|Send|Set|Put|Read|Seek|Sync|Remove|Run|Wait|Do|Close|close|write|read|flush|encode|append)`)

func (f *function) object(id *ast.Ident) types.Object {
	if found := f.source.pkg.info.Defs[id]; found != nil {
		return found
	}
	return f.source.pkg.info.Uses[id]
}

func parts(expr ast.Expr, op token.Token) []ast.Expr {
	if binary, is := unparen(expr).(*ast.BinaryExpr); is && binary.Op == op {
		return append(parts(binary.X, op), parts(binary.Y, op)...)
	}
	return []ast.Expr{expr}
}

// refuses says whether statements end in an error or a panic, and what that says.
func (f *function) refuses(statements []ast.Stmt) (says string, refuses bool) {
	if len(statements) == 0 {
		return "", false
	}
	switch last := statements[len(statements)-1].(type) {
	case *ast.ReturnStmt:
		if len(last.Results) == 0 || !f.returnsError() {
			return "", false
		}
		err := last.Results[len(last.Results)-1]
		if id, is := unparen(err).(*ast.Ident); is {
			if id.Name == "nil" {
				return "", false
			}
			if object, is := f.source.pkg.info.Uses[id]; is && object.Pkg() != nil && object.Parent() != object.Pkg().Scope() {
				return "", true // passed on
			}
		}
		return f.saying(err), true
	case *ast.ExprStmt:
		if call, is := last.X.(*ast.CallExpr); is {
			name := calledName(call)
			if isBuiltin(f.source, call.Fun, "panic") || strings.HasPrefix(name, "Fatal") || strings.HasPrefix(name, "Panic") {
				return text(call), true
			}
		}
	}
	return "", false
}

func (f *function) returnsError() bool {
	results := f.decl.Type.Results
	if results == nil || len(results.List) == 0 {
		return false
	}
	last := text(results.List[len(results.List)-1].Type)
	return last == "error" || strings.HasSuffix(strings.ToLower(last), "error")
}

// saying gives the texts in an error, or its source where it names or makes one; "" for what some other code decides.
func (f *function) saying(expr ast.Expr) string {
	var texts []string
	named := false
	ast.Inspect(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				texts = append(texts, n.Value)
			}
		case *ast.Ident:
			if object := f.source.pkg.info.Uses[n]; object != nil && object.Pkg() != nil {
				_, isVariable := object.(*types.Var)
				_, isType := object.(*types.TypeName)
				named = named || isType || isVariable && object.Parent() == object.Pkg().Scope()
			}
		case *ast.SelectorExpr:
			named = named || f.source.nameOf(n) != "" && strings.HasPrefix(n.Sel.Name, "Err") || f.source.nameOf(n) == "io.EOF"
		}
		return true
	})
	switch {
	case len(texts) > 0:
		return strings.Join(texts, " ")
	case named:
		return text(expr)
	}
	return ""
}

// conditions is what functions ask for.
type conditions struct {
	refusals map[string][]refusal
	refused  map[string]bool // parts of refusals' conditions
	asked    map[string]bool // parts of all conditions
	erased   map[string]bool // the same, without numbers
	passedOn int
	bounds   bool
}

func conditionsOf(functions []*function) *conditions {
	c := &conditions{
		refusals: map[string][]refusal{}, refused: map[string]bool{}, asked: map[string]bool{}, erased: map[string]bool{},
	}
	for _, f := range functions {
		if f.decl.Body == nil {
			continue
		}
		for _, r := range f.refusals() {
			if r.never {
				continue
			}
			c.refusals[r.says] = append(c.refusals[r.says], r)
			for _, atom := range r.atoms {
				c.refused[atom] = true
			}
		}
		atoms, bounds := f.asks()
		c.bounds = c.bounds || bounds
		for _, atom := range atoms {
			c.asked[atom] = true
			c.erased[withoutNumbers(atom)] = true
		}
	}
	return c
}

// asks gives the parts of all that a function compares or calls, and whether it compares anything with a length, which
// is checking bounds in whatever spelling.
func (f *function) asks() (atoms []string, bounds bool) {
	if f.asked == nil {
		seen := map[string]bool{}
		ast.Inspect(f.decl.Body, func(n ast.Node) bool {
			switch expr := n.(type) {
			case *ast.BinaryExpr:
				f.measured = f.measured || f.comparesLength(expr)
				seen[f.source.atom(expr)] = true
			case *ast.UnaryExpr, *ast.CallExpr, *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
				seen[f.source.atom(n.(ast.Expr))] = true
			}
			return true
		})
		f.asked = append([]string{}, sorted(seen)...)
	}
	return f.asked, f.measured
}

// lacks says what is missing of a refusal of the old version, "" for nothing.
func (c *conditions) lacks(old refusal) string {
	if old.says == "" {
		return ""
	}
	same := c.refusals[old.says]
	if len(same) == 0 {
		for _, atom := range old.atoms {
			if !c.refused[atom] {
				return "no longer refuses what it should"
			}
		}
		return ""
	}
	kept, missing := 0, ""
	for _, atom := range old.atoms {
		if c.asked[atom] {
			kept++
		} else {
			missing = atom
		}
	}
	if missing == "" {
		for _, r := range same {
			if !r.all || old.all || len(old.atoms) < 2 {
				return ""
			}
		}
		return "refuses only where several conditions hold at once"
	}
	if kept > 0 && !old.all {
		return "refuses less than it should"
	}
	if c.erased[withoutNumbers(missing)] && withoutNumbers(missing) != missing {
		return "has another limit"
	}
	return ""
}

var numbers = regexp.MustCompile(`\b\d[\w.]*\b`)

func withoutNumbers(atom string) string { return numbers.ReplaceAllString(atom, "0") }

// atoms gives the parts of a condition, and whether all must hold.
func (f *source) atoms(condition ast.Expr) (atoms []string, all bool) {
	op := token.LOR
	if binary, is := unparen(condition).(*ast.BinaryExpr); is && binary.Op == token.LAND {
		op, all = token.LAND, true
	}
	for _, part := range parts(condition, op) {
		for _, inner := range parts(part, token.LAND) {
			for _, one := range parts(inner, token.LOR) {
				atoms = append(atoms, f.atom(one))
			}
		}
	}
	return atoms, all
}

// atom writes a part of a condition so that it reads the same whatever local variables are called and whichever way
// round it asks: both i < n and n <= i compare i with n.
func (f *source) atom(expr ast.Expr) string {
	expr = unparen(expr)
	if not, is := expr.(*ast.UnaryExpr); is && not.Op == token.NOT {
		return f.atom(not.X)
	}
	if binary, is := expr.(*ast.BinaryExpr); is {
		kind := ""
		switch binary.Op {
		case token.LSS, token.LEQ, token.GTR, token.GEQ:
			kind = "<"
		case token.EQL, token.NEQ:
			kind = "="
		}
		if kind != "" {
			sides := []string{f.erase(binary.X), f.erase(binary.Y)}
			sort.Strings(sides)
			return sides[0] + kind + sides[1]
		}
	}
	return f.erase(expr)
}

// erase gives an expression's text with the names of local variables, and conversions between numbers, taken out.
func (f *source) erase(expr ast.Expr) string {
	if value := f.pkg.info.Types[unparen(expr)].Value; value != nil {
		return value.ExactString() // whatever a constant is called
	}
	switch e := unparen(expr).(type) {
	case *ast.Ident:
		if object, is := f.pkg.info.Uses[e].(*types.Var); is && object.Pkg() != nil && object.Parent() != object.Pkg().Scope() {
			return "_"
		}
		return e.Name
	case *ast.SelectorExpr:
		if f.nameOf(e) == "" {
			return "_." + e.Sel.Name
		}
		return f.nameOf(e)
	case *ast.CallExpr:
		if id, is := unparen(e.Fun).(*ast.Ident); is && len(e.Args) == 1 && number.MatchString(id.Name) {
			return f.erase(e.Args[0])
		}
		arguments := make([]string, len(e.Args))
		for i, arg := range e.Args {
			arguments[i] = f.erase(arg)
		}
		return f.erase(e.Fun) + "(" + strings.Join(arguments, ",") + ")"
	case *ast.IndexExpr:
		return f.erase(e.X) + "[" + f.erase(e.Index) + "]"
	case *ast.StarExpr:
		return f.erase(e.X)
	case *ast.UnaryExpr:
		return e.Op.String() + f.erase(e.X)
	case *ast.BinaryExpr:
		return f.erase(e.X) + e.Op.String() + f.erase(e.Y)
	}
	return text(expr)
}

var number = regexp.MustCompile(`^(u?int(8|16|32|64|ptr)?|byte|rune|float(32|64))$`)

// bounds gives the places where an index is checked against both ends: i < 0 || i >= len(x).
func (f *function) bounds() []ast.Node {
	if f.bounded == nil {
		f.bounded = append([]ast.Node{}, f.findBounds()...)
	}
	return f.bounded
}

func (f *function) findBounds() (found []ast.Node) {
	if f.decl.Body == nil {
		return nil
	}
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		condition, is := n.(*ast.IfStmt)
		if !is {
			return true
		}
		low, high := false, false
		for _, part := range append(parts(condition.Cond, token.LOR), parts(condition.Cond, token.LAND)...) {
			if binary, is := unparen(part).(*ast.BinaryExpr); is {
				low = low || binary.Op == token.LSS && f.source.number(binary.Y) == 0
				high = high || f.comparesLength(binary)
			}
		}
		if low && high {
			found = append(found, condition)
		}
		return true
	})
	return found
}

func (f *function) comparesLength(binary *ast.BinaryExpr) bool {
	switch binary.Op {
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
	default:
		return false
	}
	for _, side := range []ast.Expr{binary.X, binary.Y} {
		if call, is := unparen(side).(*ast.CallExpr); is {
			if len(call.Args) == 1 && number.MatchString(calledName(call)) {
				call, is = unparen(call.Args[0]).(*ast.CallExpr)
			}
			if is && isBuiltin(f.source, call.Fun, "len") {
				return true
			}
		}
	}
	return false
}
