package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// filled is an empty container that the loop right after it fills, once a round, without leaving early.
type filled struct {
	statement ast.Stmt
	variable  *types.Var
	isVar     bool // declared by var, so nil at first
	loop      *ast.RangeStmt
	isApart   bool // other statements stand between the two
	size      string
}

// declare writes the declaration, right before the loop where the two are apart: what the loop ranges over
// may be made, or checked for nil, in between.
func (p *place) declare(f filled, text string) {
	if !f.isApart {
		p.replace(f.statement, text)
		return
	}
	start, end := p.offset(f.statement.Pos()), p.offset(f.statement.End())
	for end < len(p.src) && strings.ContainsRune(" \t\r\n", rune(p.src[end])) {
		end++
	}
	p.edits = append(p.edits, edit{start, end, ""})
	p.insertBefore(f.loop, text+"\n")
}

// presizeSlice gives a slice its capacity before the loop that fills it; a nil slice stays nil for no rounds.
func presizeSlice(p *place) {
	f := p.readFilled(func(body []ast.Stmt, v *types.Var) bool {
		for _, statement := range body {
			assign, ok := statement.(*ast.AssignStmt)
			if ok && len(assign.Rhs) == 1 && len(assign.Lhs) == 1 && p.object(assign.Lhs[0]) == v {
				call, ok := assign.Rhs[0].(*ast.CallExpr)
				if !ok || len(call.Args) != 2 || call.Ellipsis.IsValid() {
					return false
				}
				name, ok := call.Fun.(*ast.Ident)
				return ok && name.Name == "append" && p.object(call.Args[0]) == v
			}
		}
		return false
	})
	t := p.typeText(f.variable.Type())
	if f.isVar {
		p.declare(f, p.grownSlice(f.variable.Name(), t, f.size))
		return
	}
	p.declare(f, f.variable.Name()+" := make("+t+", 0, "+f.size+")")
}

// presizeMap makes a map for as many entries as the loop right after it puts in.
func presizeMap(p *place) {
	f := p.readFilled(func(body []ast.Stmt, v *types.Var) bool {
		for _, statement := range body {
			if assign, ok := statement.(*ast.AssignStmt); ok && len(assign.Lhs) == 1 {
				if index, ok := assign.Lhs[0].(*ast.IndexExpr); ok && p.object(index.X) == v {
					return true
				}
			}
		}
		return false
	})
	if f.isVar {
		refuse("the map isn't made yet")
	}
	p.declare(f, f.variable.Name()+" := make("+p.typeText(f.variable.Type())+", "+f.size+")")
}

func (p *place) readFilled(fills func([]ast.Stmt, *types.Var) bool) filled {
	for i := len(p.path) - 1; i > 0; i-- {
		block, ok := p.path[i-1].(*ast.BlockStmt)
		statement, isStatement := p.path[i].(ast.Stmt)
		if !ok || !isStatement {
			continue
		}
		for n, s := range block.List {
			if s == statement {
				return p.readFilledAt(block.List, n, fills)
			}
		}
	}
	refuse("it isn't a statement of a block")
	return filled{}
}

func (p *place) readFilledAt(list []ast.Stmt, n int, fills func([]ast.Stmt, *types.Var) bool) filled {
	f := filled{statement: list[n]}
	f.variable, f.isVar = p.emptyContainer(list[n])
	for m, next := range list[n+1:] {
		loop, ok := next.(*ast.RangeStmt)
		if !ok {
			if len(p.uses(next, f.variable)) > 0 {
				refuse("%s is used before the loop that fills it", f.variable.Name())
			}
			continue
		}
		f.loop, f.isApart, f.size = loop, m > 0, p.roundsOf(loop)
		if leavesEarly(loop.Body) {
			refuse("the loop skips or leaves rounds: how many elements there will be isn't known")
		}
		if !fills(loop.Body.List, f.variable) {
			refuse("the loop doesn't add exactly one element a round")
		}
		return f
	}
	refuse("no loop right after it fills it")
	return f
}

func (p *place) emptyContainer(s ast.Stmt) (*types.Var, bool) {
	switch d := s.(type) {
	case *ast.DeclStmt:
		if g, ok := d.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR && len(g.Specs) == 1 {
			spec := g.Specs[0].(*ast.ValueSpec)
			if len(spec.Names) == 1 && len(spec.Values) == 0 {
				if v, ok := p.info.Defs[spec.Names[0]].(*types.Var); ok {
					return v, true
				}
			}
		}
	case *ast.AssignStmt:
		if d.Tok == token.DEFINE && len(d.Lhs) == 1 && len(d.Rhs) == 1 {
			v, _ := p.info.Defs[asIdent(d.Lhs[0])].(*types.Var)
			if v != nil && p.isEmpty(d.Rhs[0]) {
				return v, false
			}
		}
	}
	refuse("it isn't the declaration of one empty container")
	return nil, false
}

func (p *place) isEmpty(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.CompositeLit:
		return len(x.Elts) == 0
	case *ast.CallExpr:
		name, ok := x.Fun.(*ast.Ident)
		if !ok || name.Name != "make" || len(x.Args) > 2 {
			return false
		}
		return len(x.Args) == 1 || p.text(x.Args[1]) == "0"
	}
	return false
}

// roundsOf writes how often a range loop runs at most: the length of what it ranges over, evaluated before it.
func (p *place) roundsOf(loop *ast.RangeStmt) string {
	if !p.isPlain(loop.X) {
		refuse("what the loop ranges over is computed there")
	}
	switch p.info.TypeOf(loop.X).Underlying().(type) {
	case *types.Slice, *types.Map, *types.Array:
		return "len(" + p.text(loop.X) + ")"
	}
	refuse("the number of rounds isn't known before the loop")
	return ""
}

func leavesEarly(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BranchStmt, *ast.ReturnStmt:
			found = true
		}
		return true
	})
	return found
}
