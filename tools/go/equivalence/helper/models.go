package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"sort"
)

// model is how values of a struct type come about and what can be seen of them.
type model struct {
	name         string
	opaque       bool // the other version has other fields
	shared       bool // several changed functions use its unexported fields, and may use them in another way
	invented     bool // any fields make a good value
	literal      bool // may be made by setting exported fields, the others being zero
	fields       []string
	constructors []string
	methods      []string
	observers    []string
}

func (c *change) findModels() {
	for name := range c.before.declarations {
		if isStruct(c.before, name) && isStruct(c.after, name) {
			other := c.declared[name] && !maps.Equal(c.before.fieldTexts(name), c.after.fieldTexts(name))
			c.models[name] = &model{name: name, opaque: other, literal: true}
		}
	}
	c.findConstructors()
	c.findMethods()
	for name, m := range c.models {
		hidden := c.findFields(m)
		m.invented = !hidden || len(m.methods) == 0 && len(m.constructors) == 0 && !c.hasMethods(name)
		m.literal = !c.setsHidden(c.before, name) && !c.setsHidden(c.after, name)
	}
	c.findShared()
	c.spreadOpaque()
	for _, m := range c.models {
		if m.opaque && m.invented && !m.literal {
			m.invented = false
		}
	}
}

// alike tells whether both versions have a function with the same parameters and results.
func (c *change) alike(key string) bool {
	f, other := c.before.functions[key], c.after.functions[key]
	return f != nil && other != nil && f.takes == other.takes && f.decl.Body != nil && other.decl.Body != nil
}

func (c *change) findConstructors() {
	for _, key := range c.before.order {
		f := c.before.functions[key]
		results := f.signature().Results()
		if f.receiver != "" || !c.alike(key) || results.Len() == 0 || results.Len() > 2 {
			continue
		}
		if results.Len() == 2 && results.At(1).Type().String() != "error" {
			continue
		}
		if m := c.models[ownName(results.At(0).Type(), c.before.pkg)]; m != nil {
			m.constructors = append(m.constructors, key)
		}
	}
}

// ownName gives the name of the package's type that t is, or is a pointer to.
func ownName(t types.Type, pkg *types.Package) string {
	if pointer, is := types.Unalias(t).(*types.Pointer); is {
		t = pointer.Elem()
	}
	if named, is := types.Unalias(t).(*types.Named); is && named.Obj().Pkg() == pkg {
		return named.Obj().Name()
	}
	return ""
}

// findMethods prefers exported ones: others may count on what only their callers know.
func (c *change) findMethods() {
	hidden := map[string][]string{}
	for _, key := range c.before.order {
		f := c.before.functions[key]
		m := c.models[f.receiver]
		if m == nil || !c.alike(key) {
			continue
		}
		if ast.IsExported(f.decl.Name.Name) {
			m.methods = append(m.methods, key)
		} else {
			hidden[m.name] = append(hidden[m.name], key)
		}
	}
	for name, m := range c.models {
		if len(m.methods) == 0 {
			m.methods = hidden[name]
		}
		for _, key := range m.methods {
			if c.observes(c.before.functions[key]) {
				m.observers = append(m.observers, key)
			}
		}
	}
}

func (c *change) observes(f *function) bool {
	s := f.signature()
	if s.Params().Len() > 0 || s.Results().Len() == 0 {
		return false
	}
	for i := range s.Results().Len() {
		switch s.Results().At(i).Type().Underlying().(type) {
		case *types.Signature, *types.Chan:
			return false
		}
		if ownName(s.Results().At(i).Type(), c.before.pkg) == f.receiver {
			return false
		}
	}
	return true
}

func (c *change) hasMethods(name string) bool {
	for _, f := range c.before.functions {
		if f.receiver == name {
			return true
		}
	}
	return false
}

// findFields notes the exported fields that both versions have, and tells whether there are others.
func (c *change) findFields(m *model) (hidden bool) {
	texts := c.after.fieldTexts(m.name)
	for name, text := range c.before.fieldTexts(m.name) {
		if !ast.IsExported(name) {
			hidden = true
		} else if texts[name] == text {
			m.fields = append(m.fields, name)
		}
	}
	for name := range texts {
		hidden = hidden || !ast.IsExported(name)
	}
	sort.Strings(m.fields)
	return hidden
}

func (v *version) structOf(name string) *types.Struct {
	found, _ := v.pkg.Scope().Lookup(name).Type().Underlying().(*types.Struct)
	return found
}

// fieldTexts gives the fields' types as they are written.
func (v *version) fieldTexts(name string) map[string]string {
	found := map[string]string{}
	for _, file := range v.files {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, is := n.(*ast.TypeSpec)
			if !is || spec.Name.Name != name || v.info.Defs[spec.Name] != v.pkg.Scope().Lookup(name) {
				return true
			}
			body, is := spec.Type.(*ast.StructType)
			if !is {
				return false
			}
			for _, field := range body.Fields.List {
				for _, id := range field.Names {
					found[id.Name] = v.print(field.Type)
				}
				if len(field.Names) == 0 {
					embedded, _ := receiver(field.Type)
					if selector, is := field.Type.(*ast.SelectorExpr); is {
						embedded = selector.Sel.Name
					}
					found[embedded] = v.print(field.Type)
				}
			}
			return false
		})
	}
	return found
}

// setsHidden tells whether some literal of the type sets more than exported fields.
func (c *change) setsHidden(v *version, name string) (sets bool) {
	for _, file := range v.files {
		ast.Inspect(file, func(n ast.Node) bool {
			literal, is := n.(*ast.CompositeLit)
			if !is || len(literal.Elts) == 0 || v.typeName(literal) != name {
				return true
			}
			for _, element := range literal.Elts {
				pair, is := element.(*ast.KeyValueExpr)
				if !is {
					sets = true
				} else if id, is := pair.Key.(*ast.Ident); is && !ast.IsExported(id.Name) {
					sets = true
				}
			}
			return true
		})
	}
	return sets
}

func (v *version) typeName(expr ast.Expr) string {
	if t := v.info.Types[expr].Type; t != nil {
		return ownName(t, v.pkg)
	}
	return ""
}

// findShared finds types whose unexported fields two or more changed functions use, one of them writing: these may
// have agreed on another way to keep the same thing.
func (c *change) findShared() {
	for name, m := range c.models {
		if m.invented || m.opaque {
			continue
		}
		users, writers := 0, 0
		for key := range c.changed {
			if !c.changed[key] {
				continue
			}
			uses, writes := c.before.touches(c.before.functions[key], name)
			usesNow, writesNow := c.after.touches(c.after.functions[key], name)
			if uses || usesNow {
				users++
			}
			if writes || writesNow {
				writers++
			}
		}
		m.shared = users > 1 && writers > 0
	}
}

// touches tells whether f uses unexported fields of a type or makes values of it, and whether it may change them.
func (v *version) touches(f *function, name string) (uses, writes bool) {
	isField := func(n ast.Node) bool {
		selector, is := n.(*ast.SelectorExpr)
		if !is {
			return false
		}
		selection := v.info.Selections[selector]
		return selection != nil && selection.Kind() == types.FieldVal && !ast.IsExported(selector.Sel.Name) &&
			ownName(selection.Recv(), v.pkg) == name
	}
	within := func(n ast.Node) (found bool) {
		ast.Inspect(n, func(n ast.Node) bool { found = found || isField(n); return !found })
		return found
	}
	if f.decl.Body == nil {
		return false, false
	}
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		uses = uses || isField(n)
		switch n := n.(type) {
		case *ast.CompositeLit:
			if v.typeName(n) == name {
				uses, writes = true, true
			}
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				writes = writes || within(left)
			}
		case *ast.IncDecStmt:
			writes = writes || within(n.X)
		case *ast.UnaryExpr:
			writes = writes || n.Op == token.AND && within(n.X)
		case *ast.CallExpr:
			writes = writes || changesArguments(n) && len(n.Args) > 0 && within(n.Args[0])
			if selector, is := n.Fun.(*ast.SelectorExpr); is {
				writes = writes || within(selector.X)
			}
		}
		return true
	})
	return uses, writes
}

// changesArguments tells whether a call is known for changing what its first argument holds.
func changesArguments(call *ast.CallExpr) bool {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name == "copy" || f.Name == "delete" || f.Name == "clear"
	case *ast.SelectorExpr:
		if id, is := f.X.(*ast.Ident); is {
			return id.Name == "sort" || id.Name == "slices" || id.Name == "heap" || id.Name == "maps"
		}
	}
	return false
}

// spreadOpaque makes types opaque that hold opaque ones in unexported fields.
func (c *change) spreadOpaque() {
	for again := true; again; {
		again = false
		for name, m := range c.models {
			if m.opaque || m.invented {
				continue
			}
			for held := range heldTypes(c.before.structOf(name), c.before.pkg) {
				if other := c.models[held]; other != nil && other.opaque {
					m.opaque, again = true, true
				}
			}
		}
	}
}

// heldTypes gives the package's own types that a type consists of.
func heldTypes(t types.Type, pkg *types.Package) map[string]bool {
	found := map[string]bool{}
	seen := map[types.Type]bool{}
	var visit func(t types.Type)
	visit = func(t types.Type) {
		if t == nil || seen[t] {
			return
		}
		seen[t] = true
		switch t := types.Unalias(t).(type) {
		case *types.Named:
			if t.Obj().Pkg() == pkg {
				found[t.Obj().Name()] = true
				visit(t.Underlying())
			}
		case *types.Pointer:
			visit(t.Elem())
		case *types.Slice:
			visit(t.Elem())
		case *types.Array:
			visit(t.Elem())
		case *types.Map:
			visit(t.Key())
			visit(t.Elem())
		case *types.Struct:
			for i := range t.NumFields() {
				visit(t.Field(i).Type())
			}
		case *types.Signature:
			for i := range t.Params().Len() {
				visit(t.Params().At(i).Type())
			}
			for i := range t.Results().Len() {
				visit(t.Results().At(i).Type())
			}
			if t.Recv() != nil {
				visit(t.Recv().Type())
			}
		}
	}
	visit(t)
	return found
}
