package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// setMembership asks a set instead of scanning a slice: in `if !contains(S, K) { S = append(S, K) }` within a loop,
// and in plain tests of a slice that doesn't change in the loop.
func setMembership(p *place) {
	call, ok := find[*ast.CallExpr](p)
	if !ok || len(call.Args) != 2 || !p.isContains(call) {
		refuse("it isn't a linear membership test")
	}
	slice, _ := p.object(call.Args[0]).(*types.Var)
	if slice == nil || slice.Parent() == p.pkg.Scope() || slice.IsField() {
		refuse("what is searched isn't a local slice")
	}
	sliceType, ok := slice.Type().Underlying().(*types.Slice)
	if !ok || !isKey(sliceType.Elem()) {
		refuse("the elements aren't strings or integers")
	}
	loops := p.loopsAround(nil)
	if len(loops) == 0 {
		refuse("the test isn't inside a loop of this function")
	}
	for _, id := range p.uses(p.function(), slice) {
		if p.insideFunctionLiteral(id) {
			refuse("%s is used by a closure", slice.Name())
		}
	}
	grows := p.growth(call, slice)
	outer := p.outermost(loops, slice, grows)
	if !p.isStatementOfBlock(outer) {
		refuse("nothing can be put before the loop (it has a label)")
	}
	if !p.isPlain(call.Args[1]) {
		refuse("the value that is looked for is computed in the test")
	}
	p.checkOnlyGrows(outer, slice, call, grows)
	set := p.fresh(slice.Name() + "Seen")
	item := p.fresh("item")
	p.insertBefore(outer, set+" := make(map["+p.typeText(sliceType.Elem())+"]bool, len("+slice.Name()+"))\n"+
		"for _, "+item+" := range "+slice.Name()+" {\n"+set+"["+item+"] = true\n}\n")
	p.replace(call, set+"["+p.text(call.Args[1])+"]")
	if grows != nil {
		p.insertBefore(grows, set+"["+p.text(call.Args[1])+"] = true\n")
	}
}

// isContains: slices.Contains, or a function of this package that does exactly that.
func (p *place) isContains(call *ast.CallExpr) bool {
	f := p.calledFunc(call)
	if f == nil {
		return false
	}
	if f.FullName() == "slices.Contains" {
		return true
	}
	decl := p.declaration(f)
	if decl == nil || decl.Body == nil || len(decl.Body.List) != 2 || f.Type().(*types.Signature).Params().Len() != 2 {
		return false
	}
	parameters := f.Type().(*types.Signature).Params()
	loop, ok := decl.Body.List[0].(*ast.RangeStmt)
	if !ok || p.object(loop.X) != parameters.At(0) || loop.Value == nil || len(loop.Body.List) != 1 {
		return false
	}
	test, ok := loop.Body.List[0].(*ast.IfStmt)
	if !ok || test.Init != nil || test.Else != nil || len(test.Body.List) != 1 {
		return false
	}
	equal, ok := test.Cond.(*ast.BinaryExpr)
	if !ok || equal.Op != token.EQL {
		return false
	}
	item, wanted := p.object(loop.Value), types.Object(parameters.At(1))
	left, right := p.object(equal.X), p.object(equal.Y)
	if !(left == item && right == wanted || left == wanted && right == item) {
		return false
	}
	return returns(test.Body.List[0], "true") && returns(decl.Body.List[1], "false")
}

func returns(statement ast.Stmt, word string) bool {
	r, ok := statement.(*ast.ReturnStmt)
	if !ok || len(r.Results) != 1 {
		return false
	}
	id, ok := r.Results[0].(*ast.Ident)
	return ok && id.Name == word
}

// growth is the `S = append(S, K)` in the body of `if !contains(S, K)`, nil when there is none.
func (p *place) growth(call *ast.CallExpr, slice types.Object) *ast.AssignStmt {
	test, ok := find[*ast.IfStmt](p)
	if !ok {
		return nil
	}
	not, ok := ast.Unparen(test.Cond).(*ast.UnaryExpr)
	if !ok || not.Op != token.NOT || ast.Unparen(not.X) != ast.Expr(call) {
		return nil
	}
	for _, statement := range test.Body.List {
		assign, ok := statement.(*ast.AssignStmt)
		if ok && p.isAppendOf(assign, slice, p.text(call.Args[1])) {
			return assign
		}
	}
	return nil
}

func (p *place) isAppendOf(assign *ast.AssignStmt, slice types.Object, item string) bool {
	if len(assign.Lhs) != 1 || len(assign.Rhs) != 1 || assign.Tok != token.ASSIGN || p.object(assign.Lhs[0]) != slice {
		return false
	}
	call, ok := assign.Rhs[0].(*ast.CallExpr)
	if !ok || len(call.Args) != 2 || call.Ellipsis.IsValid() {
		return false
	}
	name, ok := call.Fun.(*ast.Ident)
	return ok && name.Name == "append" && p.object(call.Args[0]) == slice && p.text(call.Args[1]) == item
}

// outermost is the widest loop around the place in which the slice lives and changes by that growth alone.
func (p *place) outermost(loops []ast.Stmt, slice types.Object, grows *ast.AssignStmt) ast.Stmt {
	var found ast.Stmt
	for _, loop := range loops {
		if slice.Pos() >= loop.Pos() && slice.Pos() < loop.End() {
			break
		}
		other := false
		for _, write := range p.writes(loop, slice) {
			other = other || grows == nil || write != ast.Node(grows)
		}
		if other {
			break
		}
		found = loop
	}
	if found == nil {
		refuse("%s changes in the loop in another way", slice.Name())
	}
	return found
}

// checkOnlyGrows refuses when elements may change: S[i] = …, or S handed to other code.
func (p *place) checkOnlyGrows(outer ast.Stmt, slice types.Object, call *ast.CallExpr, grows *ast.AssignStmt) {
	parents := parentsIn(outer)
	for _, id := range p.uses(outer, slice) {
		switch parent := parents[id].(type) {
		case *ast.RangeStmt:
			continue
		case *ast.AssignStmt:
			if grows != nil && parent == grows {
				continue
			}
		case *ast.CallExpr:
			name, _ := parent.Fun.(*ast.Ident)
			if name != nil && (name.Name == "len" || name.Name == "cap") {
				continue
			}
			if grows != nil && parents[parent] == ast.Node(grows) || p.isContains(parent) {
				continue
			}
		case *ast.IndexExpr:
			if assign, ok := parents[parent].(*ast.AssignStmt); ok && !isLeft(assign, parent) {
				continue
			}
		}
		refuse("%s is used in the loop in a way that may change its elements", slice.Name())
	}
}

func isLeft(assign *ast.AssignStmt, e ast.Expr) bool {
	for _, left := range assign.Lhs {
		if left == e {
			return true
		}
	}
	return false
}

func (p *place) insideFunctionLiteral(id *ast.Ident) bool {
	inside := false
	ast.Inspect(p.function(), func(n ast.Node) bool {
		if lit, ok := n.(*ast.FuncLit); ok && lit.Pos() <= id.Pos() && id.End() <= lit.End() {
			inside = true
		}
		return true
	})
	return inside
}
