package main

import (
	"go/ast"
	"go/types"
)

// uses gives the functions of the module that a function names, methods of the same name for an interface's.
func (f *function) uses() (found []*function) {
	if f.decl.Body == nil {
		return nil
	}
	if f.used != nil {
		return f.used
	}
	seen := map[*function]bool{}
	add := func(other *function) {
		if other != nil && !seen[other] {
			seen[other] = true
			found = append(found, other)
		}
	}
	s := f.source.pkg.side
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		id, is := n.(*ast.Ident)
		if !is {
			return true
		}
		object, is := f.source.pkg.info.Uses[id].(*types.Func)
		if !is {
			return true
		}
		if other := s.functions[object.Origin()]; other != nil {
			add(other)
		} else if signature := object.Signature(); signature.Recv() != nil {
			for _, method := range s.methods[id.Name] {
				add(method)
			}
		}
		return true
	})
	f.used = append([]*function{}, found...)
	return f.used
}

// reachable gives a function and all that it uses, however far.
func (f *function) reachable() (found []*function) {
	seen := map[*function]bool{f: true}
	found = []*function{f}
	for i := 0; i < len(found); i++ {
		for _, other := range found[i].uses() {
			if !seen[other] {
				seen[other] = true
				found = append(found, other)
			}
		}
	}
	return found
}

// callers gives the functions of the touched packages that use f.
func (s *side) callers(f *function) []*function {
	if s.usedBy == nil {
		s.usedBy = map[*function][]*function{}
		for _, other := range s.touched() {
			for _, used := range other.uses() {
				if used != other {
					s.usedBy[used] = append(s.usedBy[used], other)
				}
			}
		}
	}
	return s.usedBy[f]
}

// way is how code outside of the touched packages comes to functions: by one that is exported or that nobody uses. Where
// the new version has no such function any more, all that is new stands in for it.
type way struct {
	name          string
	before, after []*function
}

// ways gives those on which something differs between the versions.
func ways(before, after *side) (found []way) {
	var fresh []*function
	for _, f := range after.touched() {
		if !before.has(f) {
			fresh = append(fresh, f.reachable()...)
		}
	}
	for _, f := range before.touched() {
		if !ast.IsExported(f.decl.Name.Name) && len(before.callers(f)) > 0 {
			continue
		}
		w := way{name: f.name(), before: f.reachable(), after: fresh}
		if now := after.byKey[f.key]; now != nil && now.decl.Body != nil {
			w.after = now.reachable()
		}
		if differs(w.before, after) || differs(w.after, before) {
			found = append(found, w)
		}
	}
	return found
}

func differs(functions []*function, other *side) bool {
	for _, f := range functions {
		if !other.has(f) {
			return true
		}
	}
	return false
}

// has says whether a version has a function as it is in the other.
func (s *side) has(f *function) bool {
	own := s.byKey[f.key]
	return own != nil && own.written() == f.written()
}

func (f *function) written() string {
	if f.text == "" {
		f.text = text(f.decl)
	}
	return f.text
}
