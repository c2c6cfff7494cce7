package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
)

var changing = regexp.MustCompile(`^(Store|Swap|CompareAndSwap|LoadOrStore|LoadAndDelete|Put|Set\w*|Add\w*|Do|Write\w*|Push\w*|Insert\w*|Delete\w*|Remove\w*|Append\w*|Lock|RLock|TryLock|Reset|Grow|Get|Go|Inc|Dec)$`)

// memories collects which variables of a package functions write: what one call leaves there, the next one finds.
// Filling them in init is another matter.
func memories(s *side) (found []fact) {
	for _, f := range s.touched() {
		if f.decl.Recv == nil && f.decl.Name.Name == "init" {
			continue
		}
		f.source.writes(f.decl.Body, func(object *types.Var, at ast.Node) {
			found = append(found, f.source.fact(outlives, "variable "+object.Name()+" "+f.name(), f.name(), at,
				f.name()+" changes the package's variable "+object.Name()+", which the next call finds: "+short(at)))
		})
	}
	for _, p := range s.packages {
		for _, f := range p.files {
			for _, decl := range f.file.Decls {
				if gen, is := decl.(*ast.GenDecl); is && gen.Tok == token.VAR {
					found = append(found, f.closures(gen)...)
				}
			}
		}
	}
	return once(found)
}

// once leaves one of the facts that are alike.
func once(facts []fact) (found []fact) {
	seen := map[string]bool{}
	for _, f := range facts {
		if !seen[f.rule+f.key] {
			seen[f.rule+f.key] = true
			found = append(found, f)
		}
	}
	return found
}

// closures collects functions with a memory of their own: var f = func() func() { … return func() { … } }().
func (f *source) closures(gen *ast.GenDecl) (found []fact) {
	for _, spec := range gen.Specs {
		spec := spec.(*ast.ValueSpec)
		for _, value := range spec.Values {
			call, is := unparen(value).(*ast.CallExpr)
			if !is {
				continue
			}
			if made, is := unparen(call.Fun).(*ast.FuncLit); is && returnsFunction(made.Body) {
				found = append(found, f.fact(outlives, "closure "+text(value), "", value,
					"makes a function with variables that outlive its calls: "+short(value)))
			}
		}
		// A function's literal that changes a package's variable is as good as a function.
		f.writes(spec, func(object *types.Var, at ast.Node) {
			found = append(found, f.fact(outlives, "variable "+object.Name()+" literal", "", at,
				"changes the package's variable "+object.Name()+", which the next call finds: "+short(at)))
		})
	}
	return found
}

func returnsFunction(body *ast.BlockStmt) (found bool) {
	for _, statement := range body.List {
		if result, is := statement.(*ast.ReturnStmt); is {
			for _, value := range result.Results {
				_, is := unparen(value).(*ast.FuncLit)
				found = found || is
			}
		}
	}
	return found
}

// writes visits what changes a variable of a package, or lets others change it.
func (f *source) writes(within ast.Node, visit func(object *types.Var, at ast.Node)) {
	note := func(expr ast.Expr, at ast.Node) {
		if object := f.shared(expr); object != nil {
			visit(object, at)
		}
	}
	ast.Inspect(within, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, left := range n.Lhs {
					note(left, n)
				}
			}
			for _, right := range n.Rhs { // m := shared; m[k] = v
				if object := f.shared(right); object != nil && isName(right) && f.isReference(object) {
					visit(object, n)
				}
			}
		case *ast.IncDecStmt:
			note(n.X, n)
		case *ast.SendStmt:
			note(n.Chan, n)
		case *ast.UnaryExpr:
			if n.Op == token.AND || n.Op == token.ARROW {
				note(n.X, n)
			}
		case *ast.CallExpr:
			for _, name := range []string{"delete", "clear", "copy", "close"} {
				if isBuiltin(f, n.Fun, name) && len(n.Args) > 0 {
					note(n.Args[0], n)
				}
			}
			if selector, is := unparen(n.Fun).(*ast.SelectorExpr); is {
				if object := f.shared(selector.X); object != nil && f.changes(selector, object) {
					visit(object, n)
				}
			}
		}
		return true
	})
}

// shared gives the package-level variable that an expression is or is part of.
func (f *source) shared(expr ast.Expr) *types.Var {
	id := root(expr)
	if id == nil {
		return nil
	}
	object, is := f.pkg.info.Uses[id].(*types.Var)
	if !is {
		if selector := qualifiedRoot(expr); selector != nil { // another package's of the module
			object, is = f.pkg.info.Uses[selector].(*types.Var)
		}
	}
	if !is || object.Pkg() == nil || object.Parent() != object.Pkg().Scope() {
		return nil
	}
	return object
}

// qualifiedRoot gives the name behind a package's name at the beginning of an expression.
func qualifiedRoot(expr ast.Expr) (found *ast.Ident) {
	ast.Inspect(expr, func(n ast.Node) bool {
		if selector, is := n.(*ast.SelectorExpr); is {
			if _, is := unparen(selector.X).(*ast.Ident); is {
				found = selector.Sel
			}
		}
		return true
	})
	return found
}

func isName(expr ast.Expr) bool {
	switch expr := unparen(expr).(type) {
	case *ast.Ident:
		return true
	case *ast.SelectorExpr:
		return isName(expr.X)
	}
	return false
}

// isReference says whether a copy of the variable is the same thing: a map or pointer, as far as can be told.
func (f *source) isReference(object *types.Var) bool {
	switch object.Type().Underlying().(type) {
	case *types.Map, *types.Pointer, *types.Chan:
		return true
	}
	return false
}

// changes says whether a method changes what it is called on, by its body or, where that isn't known, by its name.
func (f *source) changes(selector *ast.SelectorExpr, object *types.Var) bool {
	if method, is := f.pkg.info.Uses[selector.Sel].(*types.Func); is {
		if body := f.pkg.side.functions[method.Origin()]; body != nil {
			return body.writesReceiver()
		}
	}
	return changing.MatchString(selector.Sel.Name)
}

func (f *function) writesReceiver() (found bool) {
	if f.decl.Body == nil || f.decl.Recv == nil || len(f.decl.Recv.List[0].Names) == 0 {
		return false
	}
	receiver := f.source.pkg.info.Defs[f.decl.Recv.List[0].Names[0]]
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		written := func(expr ast.Expr) {
			if id := root(expr); id != nil && f.source.pkg.info.Uses[id] == receiver && !isIdent(expr) {
				found = true
			}
		}
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				written(left)
			}
		case *ast.IncDecStmt:
			written(n.X)
		case *ast.CallExpr:
			if selector, is := unparen(n.Fun).(*ast.SelectorExpr); is && changing.MatchString(selector.Sel.Name) {
				written(selector.X)
			}
			for _, name := range []string{"delete", "clear"} {
				if isBuiltin(f.source, n.Fun, name) && len(n.Args) > 0 {
					written(n.Args[0])
				}
			}
		}
		return true
	})
	return found
}

func isIdent(expr ast.Expr) bool {
	_, is := unparen(expr).(*ast.Ident)
	return is
}

// fields collects struct fields in which a method keeps something for its next call: what it asks for and writes.
// Only the types `there` are looked at, those of the old version: what uses new ones makes its own, or keeps them in a variable.
func fields(s *side, there map[string]bool) (found []fact) {
	for _, f := range s.touched() {
		info := f.source.pkg.info
		asked, written := map[types.Object]bool{}, map[types.Object]ast.Node{}
		names := map[types.Object]string{}
		outer := f.outer()
		field := func(expr ast.Expr) types.Object {
			var last types.Object
			ast.Inspect(expr, func(n ast.Node) bool {
				if selector, is := n.(*ast.SelectorExpr); is && last == nil {
					object, _ := info.Uses[selector.Sel].(*types.Var)
					if id := root(selector); object != nil && object.IsField() && id != nil && outer[info.Uses[id]] {
						last = object
						names[object] = text(selector)
					}
				}
				return true
			})
			return last
		}
		ask := func(expr ast.Node) {
			if expr == nil {
				return
			}
			ast.Inspect(expr, func(n ast.Node) bool {
				if selector, is := n.(*ast.SelectorExpr); is {
					if object := field(selector); object != nil {
						asked[object] = true
					}
				}
				return true
			})
		}
		ast.Inspect(f.decl.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.IfStmt:
				for _, part := range parts(n.Cond, token.LAND) {
					for _, one := range parts(part, token.LOR) {
						if !isOrdered(one) {
							ask(one)
						}
					}
				}
			case *ast.AssignStmt:
				if n.Tok != token.ASSIGN && n.Tok != token.DEFINE {
					return true
				}
				for _, left := range n.Lhs {
					if object := field(left); object != nil {
						written[object] = n
					}
				}
				if len(n.Lhs) == 2 && len(n.Rhs) == 1 { // v, known := x.m[k]
					if index, is := unparen(n.Rhs[0]).(*ast.IndexExpr); is {
						ask(index.X)
					}
				}
				for _, right := range n.Rhs { // x.buffer = append(x.buffer[:0], …)
					ast.Inspect(right, func(inner ast.Node) bool {
						if slice, is := inner.(*ast.SliceExpr); is && slice.High != nil && f.source.number(slice.High) == 0 {
							ask(slice.X)
						}
						return true
					})
				}
			}
			return true
		})
		for object, at := range written {
			if owner := f.ownerOf(object); asked[object] && there[owner] {
				found = append(found, f.source.fact(outlives, "field "+owner+"."+object.Name(), f.name(), at,
					f.name()+" keeps something in "+names[object]+" for its next call: "+short(at)))
			}
		}
	}
	return once(found)
}

// isOrdered says whether a condition asks which of two is larger: whoever remembers an answer asks whether it is there.
func isOrdered(condition ast.Expr) bool {
	binary, is := unparen(condition).(*ast.BinaryExpr)
	if !is || binary.Op == token.EQL || binary.Op == token.NEQ {
		return false
	}
	for _, side := range []ast.Expr{binary.X, binary.Y} {
		if call, is := unparen(side).(*ast.CallExpr); is && calledName(call) == "len" {
			return false
		}
	}
	return true
}

// outer gives the receiver and parameters: what is written through them is still there after the call.
func (f *function) outer() map[types.Object]bool {
	found := map[types.Object]bool{}
	for _, list := range []*ast.FieldList{f.decl.Recv, f.decl.Type.Params} {
		if list == nil {
			continue
		}
		for _, field := range list.List {
			if _, pointer := field.Type.(*ast.StarExpr); !pointer {
				continue
			}
			for _, name := range field.Names {
				found[f.source.pkg.info.Defs[name]] = true
			}
		}
	}
	return found
}

// ownerOf gives the name of the struct type that a field is declared in.
func (f *function) ownerOf(field types.Object) (owner string) {
	for _, source := range f.source.pkg.files {
		ast.Inspect(source.file, func(n ast.Node) bool {
			if spec, is := n.(*ast.TypeSpec); is && spec.Pos() <= field.Pos() && field.Pos() <= spec.End() {
				owner = spec.Name.Name
			}
			return owner == ""
		})
	}
	return owner
}

// typeNames gives the types that the touched packages declare.
func (s *side) typeNames() map[string]bool {
	found := map[string]bool{}
	s.each(func(_ *source, _ string, decl ast.Decl) {
		if gen, is := decl.(*ast.GenDecl); is {
			for _, spec := range gen.Specs {
				if spec, is := spec.(*ast.TypeSpec); is {
					found[spec.Name.Name] = true
				}
			}
		}
	})
	return found
}
