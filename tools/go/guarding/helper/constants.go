package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// constant gives an expression's value, nil when it has none: of constants, and of variables that are given one value
// where they are declared and no other.
func (f *source) constant(expr ast.Expr) constant.Value {
	expr = unparen(expr)
	if found, is := f.pkg.info.Types[expr]; is && found.Value != nil {
		return found.Value
	}
	if literal, is := expr.(*ast.BasicLit); is {
		return constant.MakeFromLiteral(literal.Value, literal.Kind, 0)
	}
	if call, is := expr.(*ast.CallExpr); is && len(call.Args) == 1 { // a conversion, such as []byte("…")
		switch unparen(call.Fun).(type) {
		case *ast.ArrayType:
			return f.constant(call.Args[0])
		}
	}
	id, is := expr.(*ast.Ident)
	if !is {
		return nil
	}
	object, is := f.pkg.info.Uses[id].(*types.Var)
	if !is {
		return nil
	}
	if value := f.pkg.initial(object); value != nil {
		if found, is := f.pkg.info.Types[value]; is {
			return found.Value
		}
	}
	return nil
}

// initial gives the expression that a variable is declared with, nil when there is none or it is assigned later.
func (p *pkg) initial(object *types.Var) (value ast.Expr) {
	if p.initials == nil {
		p.findInitials()
	}
	return p.initials[object]
}

func (p *pkg) findInitials() {
	p.initials = map[types.Object]ast.Expr{}
	assigned := map[types.Object]bool{}
	for _, f := range p.files {
		ast.Inspect(f.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if i < len(n.Values) && len(n.Names) == len(n.Values) {
						p.initials[p.info.Defs[name]] = n.Values[i]
					}
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					id, is := left.(*ast.Ident)
					if !is {
						continue
					}
					if object := p.info.Defs[id]; n.Tok == token.DEFINE && object != nil {
						if len(n.Lhs) == len(n.Rhs) {
							p.initials[object] = n.Rhs[i]
						}
					} else if object := p.info.Uses[id]; object != nil {
						assigned[object] = true
					}
				}
			case *ast.IncDecStmt:
				if id := root(n.X); id != nil {
					assigned[p.info.Uses[id]] = true
				}
			case *ast.UnaryExpr:
				if id, is := unparen(n.X).(*ast.Ident); is && n.Op == token.AND {
					assigned[p.info.Uses[id]] = true
				}
			}
			return true
		})
	}
	for object := range assigned {
		delete(p.initials, object)
	}
	delete(p.initials, nil)
}
