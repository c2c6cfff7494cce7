package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strings"
)

// checks collects what goes round the checks of the language: unsafe memory, and panics that are swallowed.
//
// A string over the bytes of a slice that the function itself made and returns is passed over: it is what
// strings.Builder does, and nobody can change the bytes any more. All other aliases are objected to, because a later
// write to the bytes changes a string, which no test notices that doesn't write.
func checks(s *side) (found []fact) {
	s.each(func(f *source, inside string, decl ast.Decl) {
		own := map[ast.Node]bool{}
		function, _ := decl.(*ast.FuncDecl)
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ReturnStmt:
				for _, result := range n.Results {
					if f.isOwnText(function, result) {
						own[result] = true
					}
				}
			case *ast.FuncLit:
				if swallows(f, n.Body) {
					found = append(found, f.fact(unchecked, "recover "+inside, inside, n,
						"swallows panics: what recover returns isn't used: "+short(n.Body)))
				}
			case *ast.FuncDecl:
				if n.Body != nil && swallows(f, n.Body) {
					found = append(found, f.fact(unchecked, "recover "+inside, inside, n,
						"swallows panics: what recover returns isn't used, in "+inside))
				}
			case ast.Expr:
				if own[n] {
					return false
				}
				if why := f.isUnsafe(n); why != "" {
					found = append(found, f.fact(unchecked, "unsafe "+why, inside, n,
						"goes round the checks of memory by unsafe."+why+": "+short(n)))
				}
			}
			return true
		})
	})
	return found
}

// isUnsafe gives what is used of the unsafe package, "" for nothing or what only measures types.
func (f *source) isUnsafe(expr ast.Expr) string {
	for _, name := range f.names(expr) {
		if after, is := strings.CutPrefix(name, "unsafe."); is {
			switch after {
			case "Sizeof", "Alignof", "Offsetof":
				return ""
			}
			return after
		}
	}
	return ""
}

// isOwnText says whether a result is unsafe.String(unsafe.SliceData(x), len(x)), or unsafe.String(&x[0], len(x)), or
// *(*string)(unsafe.Pointer(&x)), with x a slice of the function's own that it only appends to and fills.
func (f *source) isOwnText(function *ast.FuncDecl, result ast.Expr) bool {
	var x *ast.Ident
	switch e := unparen(result).(type) {
	case *ast.CallExpr:
		if f.nameOf(e.Fun) != "unsafe.String" || len(e.Args) != 2 {
			return false
		}
		switch first := unparen(e.Args[0]).(type) {
		case *ast.CallExpr:
			if f.nameOf(first.Fun) == "unsafe.SliceData" && len(first.Args) == 1 {
				x, _ = unparen(first.Args[0]).(*ast.Ident)
			}
		case *ast.UnaryExpr:
			if index, is := unparen(first.X).(*ast.IndexExpr); is && first.Op == token.AND {
				x, _ = unparen(index.X).(*ast.Ident)
			}
		}
	case *ast.StarExpr:
		if call, is := unparen(e.X).(*ast.CallExpr); is && len(call.Args) == 1 {
			if pointer, is := unparen(call.Args[0]).(*ast.CallExpr); is && f.nameOf(pointer.Fun) == "unsafe.Pointer" {
				if address, is := unparen(pointer.Args[0]).(*ast.UnaryExpr); is && address.Op == token.AND {
					x, _ = unparen(address.X).(*ast.Ident)
				}
			}
		}
	}
	return x != nil && function != nil && f.isOwn(function, f.pkg.info.Uses[x], result)
}

// isOwn says whether a local variable is a slice that was made in the function and is named by nobody else.
func (f *source) isOwn(function *ast.FuncDecl, object types.Object, at ast.Expr) bool {
	if object == nil || object.Pos() < function.Body.Pos() || object.Pos() > function.Body.End() {
		return false
	}
	made, alone := false, true
	fine := map[*ast.Ident]bool{}
	allow := func(expr ast.Expr) {
		if id := root(expr); id != nil && f.pkg.info.Uses[id] == object {
			fine[id] = true
		}
	}
	ast.Inspect(function.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for _, name := range n.Names {
				made = made || f.pkg.info.Defs[name] == object && len(n.Values) == 0
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				id, is := left.(*ast.Ident)
				if index, indexed := left.(*ast.IndexExpr); indexed {
					allow(index.X)
				}
				if !is || len(n.Lhs) != len(n.Rhs) {
					continue
				}
				call, called := unparen(n.Rhs[i]).(*ast.CallExpr)
				switch {
				case f.pkg.info.Defs[id] == object:
					made = made || called && isBuiltin(f, call.Fun, "make")
				case f.pkg.info.Uses[id] == object:
					fine[id] = true
					if called && len(call.Args) > 0 && (isBuiltin(f, call.Fun, "append") || appending.MatchString(text(call.Fun))) {
						allow(call.Args[0]) // x = append(x, …), x = strconv.AppendInt(x, …)
					}
				}
			}
		case *ast.CallExpr:
			for _, name := range []string{"len", "cap", "copy"} {
				if isBuiltin(f, n.Fun, name) && len(n.Args) > 0 {
					allow(n.Args[0])
				}
			}
		case *ast.FuncLit:
			ast.Inspect(n, func(inner ast.Node) bool {
				if id, is := inner.(*ast.Ident); is && f.pkg.info.Uses[id] == object {
					alone = false
				}
				return true
			})
		}
		return true
	})
	ast.Inspect(function.Body, func(n ast.Node) bool {
		if n == at {
			return false
		}
		if id, is := n.(*ast.Ident); is && f.pkg.info.Uses[id] == object && !fine[id] {
			alone = false
		}
		return true
	})
	return made && alone
}

var appending = regexp.MustCompile(`\.Append[A-Z]\w*$`)

func isBuiltin(f *source, expr ast.Expr, name string) bool {
	id, is := unparen(expr).(*ast.Ident)
	if !is || id.Name != name {
		return false
	}
	object := f.pkg.info.Uses[id]
	_, builtin := object.(*types.Builtin)
	return builtin || object == nil
}

// swallows says whether a body calls recover and does nothing with what it returns, nested functions aside.
func swallows(f *source, body *ast.BlockStmt) bool {
	swallowed := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ExprStmt:
			swallowed = swallowed || isRecover(f, n.X)
		case *ast.DeferStmt:
			swallowed = swallowed || isRecover(f, n.Call)
		case *ast.AssignStmt:
			if len(n.Rhs) == 1 && len(n.Lhs) == 1 && isRecover(f, n.Rhs[0]) {
				id, is := n.Lhs[0].(*ast.Ident)
				swallowed = swallowed || is && (id.Name == "_" || !usedBeyondNil(f, body, id))
			}
		case *ast.BinaryExpr: // if recover() != nil
			swallowed = swallowed || (isRecover(f, n.X) || isRecover(f, n.Y)) && !panicsOrReports(body)
		}
		return true
	})
	return swallowed && !panicsOrReports(body)
}

func isRecover(f *source, expr ast.Expr) bool {
	call, is := unparen(expr).(*ast.CallExpr)
	return is && isBuiltin(f, call.Fun, "recover")
}

// panicsOrReports says whether a body panics again, or sets an error.
func panicsOrReports(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			id, is := n.Fun.(*ast.Ident)
			found = found || is && id.Name == "panic"
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				name := strings.ToLower(text(left))
				found = found || n.Tok == token.ASSIGN && strings.Contains(name, "err")
			}
		}
		return true
	})
	return found
}

func usedBeyondNil(f *source, body *ast.BlockStmt, id *ast.Ident) (used bool) {
	object := f.pkg.info.Defs[id]
	if object == nil {
		return true // assigned to a variable that was there before
	}
	compared := map[*ast.Ident]bool{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			for _, side := range [][2]ast.Expr{{n.X, n.Y}, {n.Y, n.X}} {
				if nothing, is := side[1].(*ast.Ident); is && nothing.Name == "nil" {
					if id, is := side[0].(*ast.Ident); is {
						compared[id] = true
					}
				}
			}
		case *ast.Ident:
			used = used || f.pkg.info.Uses[n] == object && !compared[n]
		}
		return true
	})
	return used
}

// ignoredErrors objects to calls whose error was looked at in a function and no longer is there.
func ignoredErrors(before, after *side) (found []objection) {
	count := map[string]int{}
	for _, f := range errorsOf(before) {
		count[f.rule+f.key]++
	}
	now := errorsOf(after)
	for _, f := range now {
		if f.rule == "looked" {
			count[f.rule+f.key]--
		}
	}
	for _, f := range now {
		if f.rule != "dropped" {
			continue
		}
		if count[f.rule+f.key]--; count[f.rule+f.key] < 0 && count["looked"+f.key] > 0 {
			count["looked"+f.key]--
			found = append(found, objection{Rule: unchecked, File: f.file, Line: f.line, Detail: f.detail})
		}
	}
	return found
}

// errorsOf collects calls whose error is looked at, and calls whose last result is dropped.
func errorsOf(s *side) (found []fact) {
	s.each(func(f *source, inside string, decl ast.Decl) {
		note := func(kind string, call *ast.CallExpr) {
			fun := calledName(call)
			if own := f.called(call.Fun); own != nil && own.decl.Type.Results.NumFields() == 0 {
				return
			}
			if fun == "" || neverFails(f, call) {
				return
			}
			found = append(found, f.fact(kind, fun+" in "+inside, inside, call,
				"ignores an error that was looked at before: "+short(call)))
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				call, is := unparen(n.Rhs[0]).(*ast.CallExpr)
				if !is || len(n.Rhs) != 1 {
					return true
				}
				last, _ := n.Lhs[len(n.Lhs)-1].(*ast.Ident)
				switch {
				case last == nil:
				case last.Name == "_":
					note("dropped", call)
				case strings.Contains(strings.ToLower(last.Name), "err"):
					note("looked", call)
				}
			case *ast.ExprStmt:
				if call, is := n.X.(*ast.CallExpr); is {
					note("dropped", call)
				}
			case *ast.ReturnStmt:
				for _, result := range n.Results {
					if call, is := unparen(result).(*ast.CallExpr); is {
						note("looked", call)
					}
				}
			}
			return true
		})
	})
	return found
}

// calledName gives the name of what is called, without the variable that a method is called on.
func calledName(call *ast.CallExpr) string {
	switch fun := unparen(call.Fun).(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		return fun.Sel.Name
	}
	return ""
}

// neverFails says whether a method's receiver is known to return no errors.
func neverFails(f *source, call *ast.CallExpr) bool {
	selector, is := unparen(call.Fun).(*ast.SelectorExpr)
	if !is {
		return false
	}
	id, is := unparen(selector.X).(*ast.Ident)
	if !is {
		return false
	}
	return safeWriters.MatchString(f.pkg.declaration(f.pkg.info.Uses[id]))
}

var safeWriters = regexp.MustCompile(`^[&*]?(strings\.Builder|bytes\.Buffer|hash\.Hash\w*|maphash\.Hash)\b|^(new\()?(strings\.Builder|bytes\.Buffer)|^bytes\.NewBuffer`)

// declaration gives the text of what a variable is declared with: its type, or its first value.
func (p *pkg) declaration(object types.Object) string {
	if p.declared == nil {
		p.declared = map[types.Object]string{}
		for _, f := range p.files {
			ast.Inspect(f.file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ValueSpec:
					for i, name := range n.Names {
						if n.Type != nil {
							p.declared[p.info.Defs[name]] = text(n.Type)
						} else if i < len(n.Values) {
							p.declared[p.info.Defs[name]] = short(n.Values[i])
						}
					}
				case *ast.Field:
					for _, name := range n.Names {
						p.declared[p.info.Defs[name]] = text(n.Type)
					}
				case *ast.AssignStmt:
					for i, left := range n.Lhs {
						if id, is := left.(*ast.Ident); is && n.Tok == token.DEFINE && len(n.Lhs) == len(n.Rhs) {
							if object := p.info.Defs[id]; object != nil {
								p.declared[object] = short(n.Rhs[i])
							}
						}
					}
				}
				return true
			})
		}
		delete(p.declared, nil)
	}
	return p.declared[object]
}
