package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// search is `for _, v := range S { if v.F == K { …; break } }` or the same with S[i].
type search struct {
	loop   *ast.RangeStmt
	slice  types.Object
	item   types.Object // v, nil in the index form
	index  types.Object // i, nil in the value form
	field  types.Object // F, nil when elements themselves are compared
	side   ast.Expr     // v.F or S[i].F
	key    ast.Expr     // K
	body   []ast.Stmt   // without the break
	elem   types.Type
	hasEnd bool
}

// indexSearch builds a map from key to position once before the outer loop, instead of searching in each round.
func indexSearch(p *place) {
	loop, ok := find[*ast.RangeStmt](p)
	if !ok {
		refuse("it isn't a range loop")
	}
	s := p.readSearch(loop)
	loops := p.loopsAround(loop)
	if len(loops) == 0 {
		refuse("the search isn't inside another loop of this function")
	}
	outer := loops[0]
	for _, candidate := range loops {
		if s.slice.Pos() >= candidate.Pos() && s.slice.Pos() < candidate.End() {
			break
		}
		if len(p.writes(candidate, s.slice)) > 0 {
			break
		}
		outer = candidate
	}
	p.checkUntouched(s, outer)
	if !p.isStatementOfBlock(outer) {
		refuse("nothing can be put before the outer loop (it has a label)")
	}
	name := s.slice.Name()
	table := p.fresh(name + "Index")
	position := p.fresh("position")
	found := p.fresh("found")
	access := name + "[" + position + "]"
	keyType := p.typeText(p.info.TypeOf(s.side))
	side := access
	if s.field != nil {
		side += "." + s.field.Name()
	}
	p.insertBefore(outer, table+" := make(map["+keyType+"]int, len("+name+"))\n"+
		"for "+position+" := range "+name+" {\n"+
		"if _, "+found+" := "+table+"["+side+"]; !"+found+" {\n"+table+"["+side+"] = "+position+"\n}\n}\n")
	var body strings.Builder
	bound := position
	if s.index != nil {
		bound = s.index.Name()
		if len(p.usesIn(s.body, s.index)) == 0 {
			bound = "_"
		}
	} else if len(p.usesIn(s.body, s.item)) > 0 {
		body.WriteString(s.item.Name() + " := " + access + "\n")
	} else {
		bound = "_"
	}
	for _, statement := range s.body {
		body.WriteString(p.text(statement) + "\n")
	}
	p.replace(loop, "if "+bound+", "+found+" := "+table+"["+p.text(s.key)+"]; "+found+" {\n"+body.String()+"}")
}

func (p *place) usesIn(statements []ast.Stmt, obj types.Object) []*ast.Ident {
	var found []*ast.Ident
	for _, statement := range statements {
		found = append(found, p.uses(statement, obj)...)
	}
	return found
}

func (p *place) readSearch(loop *ast.RangeStmt) search {
	s := search{loop: loop, slice: p.object(loop.X)}
	sliceType, ok := p.info.TypeOf(loop.X).Underlying().(*types.Slice)
	if _, isVar := s.slice.(*types.Var); !ok || !isVar || s.slice.Parent() == p.pkg.Scope() {
		refuse("what is searched isn't a local slice")
	}
	s.elem = sliceType.Elem()
	if loop.Tok != token.DEFINE {
		refuse("the search loop's variables are used outside of it")
	}
	if loop.Value != nil && !isBlank(loop.Value) {
		s.item = p.object(loop.Value)
		if loop.Key != nil && !isBlank(loop.Key) {
			refuse("the search loop uses both position and element")
		}
	} else {
		s.index = p.object(loop.Key)
	}
	if len(loop.Body.List) != 1 {
		refuse("the search loop does more than compare")
	}
	test, ok := loop.Body.List[0].(*ast.IfStmt)
	if !ok || test.Init != nil || test.Else != nil {
		refuse("the search loop does more than compare")
	}
	equal, ok := test.Cond.(*ast.BinaryExpr)
	if !ok || equal.Op != token.EQL {
		refuse("the search loop's test isn't a single equality")
	}
	for _, order := range [][2]ast.Expr{{equal.X, equal.Y}, {equal.Y, equal.X}} {
		if field, ok := p.elementSide(s, order[0]); ok {
			s.side, s.key, s.field = order[0], order[1], field
		}
	}
	if s.side == nil || !p.isPlain(s.key) {
		refuse("the search doesn't compare an element's field with a plain value")
	}
	if !isKey(p.info.TypeOf(s.side)) || !types.Identical(p.info.TypeOf(s.side), types.Default(p.info.TypeOf(s.key))) {
		refuse("the compared type isn't a string or an integer of one type")
	}
	for _, obj := range []types.Object{s.item, s.index} {
		if obj != nil && len(p.uses(s.key, obj)) > 0 {
			refuse("the value searched for depends on the element")
		}
	}
	s.body = test.Body.List
	p.cutEnd(&s)
	return s
}

// cutEnd drops the break that ends the search; without one (or a return) every match counts, not the first.
func (p *place) cutEnd(s *search) {
	if len(s.body) == 0 {
		refuse("the search does nothing when it finds")
	}
	last := s.body[len(s.body)-1]
	if branch, ok := last.(*ast.BranchStmt); ok && branch.Tok == token.BREAK && branch.Label == nil {
		s.body = s.body[:len(s.body)-1]
	} else if _, ok := last.(*ast.ReturnStmt); !ok {
		refuse("the search goes on after the first match")
	}
	for _, statement := range s.body {
		ast.Inspect(statement, func(n ast.Node) bool {
			switch b := n.(type) {
			case *ast.ForStmt, *ast.RangeStmt, *ast.FuncLit:
				return false
			case *ast.SwitchStmt, *ast.SelectStmt, *ast.TypeSwitchStmt:
				if continues(n) {
					refuse("the search leaves its loop by continue in another way")
				}
				return false
			case *ast.BranchStmt:
				refuse("the search leaves its loop by %s in another way", b.Tok)
			}
			return true
		})
	}
}

// continues says whether a switch holds a continue, which is about the loop around it.
func continues(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(m ast.Node) bool {
		switch b := m.(type) {
		case *ast.ForStmt, *ast.RangeStmt, *ast.FuncLit:
			return false
		case *ast.BranchStmt:
			found = found || b.Tok == token.CONTINUE
		}
		return true
	})
	return found
}

func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}

// elementSide recognises v, v.F, S[i] and S[i].F.
func (p *place) elementSide(s search, e ast.Expr) (types.Object, bool) {
	e = ast.Unparen(e)
	if sel, ok := e.(*ast.SelectorExpr); ok && p.isElement(s, sel.X) {
		field, isField := p.info.Uses[sel.Sel].(*types.Var)
		return field, isField
	}
	return nil, p.isElement(s, e)
}

func (p *place) isElement(s search, e ast.Expr) bool {
	e = ast.Unparen(e)
	if s.item != nil {
		return p.object(e) == s.item
	}
	index, ok := e.(*ast.IndexExpr)
	return ok && p.object(index.X) == s.slice && p.object(index.Index) == s.index
}

// checkUntouched refuses when the slice, or the compared field of an element, may change in the outer loop.
func (p *place) checkUntouched(s search, outer ast.Stmt) {
	if len(p.writes(outer, s.slice)) > 0 {
		refuse("%s changes in the outer loop", s.slice.Name())
	}
	for _, id := range p.uses(p.function(), s.slice) {
		if p.elsewhere(id, outer) {
			refuse("%s is used by a closure", s.slice.Name())
		}
	}
	parents := parentsIn(outer)
	for _, id := range p.uses(outer, s.slice) {
		p.checkUse(s, id, parents)
	}
	ast.Inspect(outer, func(n ast.Node) bool {
		switch a := n.(type) {
		case *ast.AssignStmt:
			for _, left := range a.Lhs {
				p.checkTarget(s, left)
			}
		case *ast.IncDecStmt:
			p.checkTarget(s, a.X)
		}
		return true
	})
	if s.item != nil {
		for _, id := range p.uses(s.loop.Body, s.item) {
			p.checkElementUse(s, id, parents)
		}
	}
}

func (p *place) checkTarget(s search, left ast.Expr) {
	switch target := ast.Unparen(left).(type) {
	case *ast.SelectorExpr:
		if s.field != nil && p.info.Uses[target.Sel] == s.field {
			refuse("the field that is compared is assigned in the loop")
		}
	case *ast.IndexExpr:
		if p.object(target.X) == s.slice {
			refuse("an element of %s is replaced in the loop", s.slice.Name())
		}
	case *ast.StarExpr:
		refuse("something is written through a pointer in the loop")
	}
}

// checkUse allows S in range, len, cap and S[i]; an element's address may go to a function that leaves F alone.
func (p *place) checkUse(s search, id *ast.Ident, parents map[ast.Node]ast.Node) {
	switch parent := parents[id].(type) {
	case *ast.RangeStmt:
		if parent != s.loop && isPointer(s.elem) {
			refuse("another loop walks over the elements, which are pointers")
		}
		return
	case *ast.CallExpr:
		if name, ok := parent.Fun.(*ast.Ident); ok && (name.Name == "len" || name.Name == "cap") {
			return
		}
	case *ast.IndexExpr:
		if parent.X == ast.Expr(id) {
			p.checkElementUse(s, parent, parents)
			return
		}
	}
	refuse("%s is handed to other code in the loop", s.slice.Name())
}

func (p *place) checkElementUse(s search, element ast.Expr, parents map[ast.Node]ast.Node) {
	switch parent := parents[element].(type) {
	case *ast.SelectorExpr:
		if call, ok := parents[parent].(*ast.CallExpr); ok && call.Fun == ast.Expr(parent) {
			p.checkCallee(s, call, -1)
		}
		if address, ok := parents[parent].(*ast.UnaryExpr); ok && address.Op == token.AND {
			refuse("the address of an element's field is taken")
		}
	case *ast.UnaryExpr:
		if parent.Op != token.AND {
			return
		}
		call, ok := parents[parent].(*ast.CallExpr)
		if !ok {
			refuse("the address of an element is kept")
		}
		p.checkCallee(s, call, argumentOf(call, parent))
	case *ast.CallExpr:
		if isPointer(s.elem) {
			p.checkCallee(s, parent, argumentOf(parent, element))
		}
	case *ast.AssignStmt:
		if isPointer(s.elem) {
			refuse("an element, which is a pointer, is kept")
		}
	}
}

func argumentOf(call *ast.CallExpr, e ast.Expr) int {
	for n, argument := range call.Args {
		if argument == e {
			return n
		}
	}
	return -1
}

// checkCallee refuses unless the function, seen whole, never writes F through that parameter (-1: the receiver).
func (p *place) checkCallee(s search, call *ast.CallExpr, argument int) {
	f := p.calledFunc(call)
	if f == nil {
		refuse("an element is handed to a function that isn't known here")
	}
	if argument < 0 {
		if recv := f.Type().(*types.Signature).Recv(); recv != nil {
			if _, pointer := recv.Type().(*types.Pointer); !pointer {
				return
			}
		}
	}
	decl := p.declaration(f)
	if decl == nil || decl.Body == nil {
		refuse("an element is handed to %s, which may change it", f.Name())
	}
	var parameter types.Object
	if argument < 0 {
		if decl.Recv != nil && len(decl.Recv.List) == 1 && len(decl.Recv.List[0].Names) == 1 {
			parameter = p.info.Defs[decl.Recv.List[0].Names[0]]
		}
	} else {
		parameter = f.Type().(*types.Signature).Params().At(min(argument, f.Type().(*types.Signature).Params().Len()-1))
	}
	if parameter == nil {
		return
	}
	parents := parentsIn(decl)
	for _, id := range p.uses(decl.Body, parameter) {
		sel, ok := parents[id].(*ast.SelectorExpr)
		if !ok {
			refuse("%s hands the element on", f.Name())
		}
		if _, isField := p.info.Uses[sel.Sel].(*types.Var); !isField {
			refuse("%s calls a method of the element", f.Name())
		}
		if s.field == nil || p.info.Uses[sel.Sel] != s.field {
			continue
		}
		switch use := parents[sel].(type) {
		case *ast.AssignStmt:
			for _, left := range use.Lhs {
				if left == ast.Expr(sel) {
					refuse("%s assigns the field that is compared", f.Name())
				}
			}
		case *ast.IncDecStmt, *ast.UnaryExpr:
			refuse("%s may change the field that is compared", f.Name())
		}
	}
}

func parentsIn(root ast.Node) map[ast.Node]ast.Node {
	parents := map[ast.Node]ast.Node{}
	var stack []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if len(stack) > 0 {
			parents[n] = stack[len(stack)-1]
		}
		stack = append(stack, n)
		return true
	})
	return parents
}
