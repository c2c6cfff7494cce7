package main

import (
	"fmt"
	"go/ast"
	"go/types"
	"sort"
	"strings"
)

// change is what two versions of a package don't have in common.
type change struct {
	before, after *version
	path          string
	plain         bool
	changed       map[string]bool // keys of functions that both versions have, whose text or meaning differs
	declared      map[string]bool // package-level names whose declarations differ, functions aside
	marks         map[string]bool // functions of the old version whose call means that changed code was called
	open          bool
	models        map[string]*model  // struct types of both versions, by name
	unusable      map[string]bool    // types whose values can't be carried over at all
	subjects      map[string]bool    // functions to compare
	cannot        map[string]string  // functions that can't be called alone, and why
	instances     map[string][]tuple // of generic functions and types
}

func compare(asked request, source packageSource) (packageReply, error) {
	before, err := load(source.Path, source.Before)
	if err != nil {
		return packageReply{}, err
	}
	after, err := load(source.Path, source.After)
	if err != nil {
		return packageReply{}, err
	}
	c := &change{
		before: before, after: after, path: source.Path, plain: asked.Plain,
		changed: map[string]bool{}, declared: map[string]bool{}, marks: map[string]bool{},
		models: map[string]*model{}, unusable: map[string]bool{}, subjects: map[string]bool{},
		cannot: map[string]string{}, instances: map[string][]tuple{},
	}
	c.findDeclarations()
	c.findFunctions()
	c.findInstances()
	c.findModels()
	c.choose()
	return c.emit(asked, source), nil
}

func (c *change) findDeclarations() {
	for name, text := range c.before.declarations {
		if other, there := c.after.declarations[name]; !there || other != text {
			c.declared[name] = true
			c.open = c.open || ast.IsExported(name)
		}
	}
	for name := range c.after.declarations {
		if _, there := c.before.declarations[name]; !there {
			c.declared[name] = true
		}
	}
	for name := range c.declared {
		if c.isType(c.before, name) && !(isStruct(c.before, name) && isStruct(c.after, name)) {
			c.unusable[name] = true
		}
	}
}

func (c *change) isType(v *version, name string) bool {
	_, is := v.pkg.Scope().Lookup(name).(*types.TypeName)
	return is
}

func isStruct(v *version, name string) bool {
	object, is := v.pkg.Scope().Lookup(name).(*types.TypeName)
	if !is || object.IsAlias() {
		return false
	}
	_, is = object.Type().Underlying().(*types.Struct)
	return is
}

// findFunctions finds the functions whose own text changed, and those that use a declaration that did. A function
// that uses a struct type whose fields changed does what it did; but it may take another time.
func (c *change) findFunctions() {
	for _, key := range c.before.order {
		f, other := c.before.functions[key], c.after.functions[key]
		switch {
		case other == nil:
			c.marks[key] = true
			if ast.IsExported(f.decl.Name.Name) {
				c.cannot[key] = "it was removed, which breaks code that calls it"
			}
		case f.text != other.text:
			c.marks[key], c.changed[key] = true, true
		default:
			used, touched := c.affected(c.before, f), c.affected(c.after, other)
			c.changed[key] = used == meaning || touched == meaning
			c.marks[key] = used != nothing || touched != nothing
		}
	}
	// What init does and what variables start with happens in each benchmark.
	c.open = c.open || c.before.initText() != c.after.initText()
}

const (
	nothing = iota
	layout  // a type has other fields
	meaning // something has another value
)

func (c *change) affected(v *version, f *function) (how int) {
	for object := range v.uses(f.decl) {
		if _, is := object.(*types.Func); is || !c.declared[object.Name()] {
			continue
		}
		if _, is := object.(*types.TypeName); is && !c.unusable[object.Name()] {
			how = max(how, layout)
		} else {
			how = meaning
		}
	}
	return how
}

// initText is the text of all init functions, which aren't among the functions by name.
func (v *version) initText() string {
	var texts []string
	for _, file := range v.files {
		for _, decl := range file.Decls {
			if f, is := decl.(*ast.FuncDecl); is && f.Recv == nil && f.Name.Name == "init" {
				texts = append(texts, v.print(f))
			}
		}
	}
	sort.Strings(texts)
	return strings.Join(texts, "\n")
}

// choose picks what is compared: each changed function that can be called alone, for others what calls them.
func (c *change) choose() {
	for _, key := range c.before.order {
		if !c.changed[key] {
			if c.after.functions[key] == nil {
				c.standIn(key, map[string]bool{})
			}
			continue
		}
		why := c.notAlone(key)
		if why == "" {
			c.subjects[key] = true
			if c.mentionsOpaque(key) {
				c.standIn(key, map[string]bool{}) // their callers show what the fields don't
			}
			continue
		}
		c.cannot[key] = why
		if others := c.standIn(key, map[string]bool{}); len(others) > 0 {
			c.cannot[key] = why + "; compared through " + strings.Join(others, ", ")
		}
	}
	if c.before.initText() != c.after.initText() {
		c.cannot["init"] = "it runs once, before anything else"
	}
}

// standIn makes the nearest callers that can be called alone subjects.
func (c *change) standIn(key string, seen map[string]bool) (names []string) {
	seen[key] = true
	for _, caller := range c.before.callers(c.before.functions[key]) {
		if seen[caller.key] {
			continue
		}
		seen[caller.key] = true
		if c.mentionsOpaque(caller.key) {
			names = append(names, c.standIn(caller.key, seen)...)
		} else if c.notAlone(caller.key) == "" {
			c.subjects[caller.key] = true
			names = append(names, caller.key)
		} else {
			names = append(names, c.standIn(caller.key, seen)...)
		}
	}
	return names
}

// mentionsOpaque tells whether a function takes or gives values whose fields may mean something else.
func (c *change) mentionsOpaque(key string) bool {
	for name := range heldTypes(c.before.functions[key].signature(), c.before.pkg) {
		if m := c.models[name]; m != nil && (m.opaque || m.shared) {
			return true
		}
	}
	return false
}

// notAlone says why a function can't be called alone in both versions, "" when it can as far as can be seen here.
func (c *change) notAlone(key string) string {
	f, other := c.before.functions[key], c.after.functions[key]
	switch {
	case other == nil:
		return "it was removed"
	case f.takes != other.takes && ast.IsExported(f.decl.Name.Name):
		return "its parameters or results changed, which breaks code that calls it"
	case f.takes != other.takes:
		return "its parameters or results changed"
	case f.decl.Body == nil || other.decl.Body == nil:
		return "it isn't written in Go"
	case f.receiver == "" && key == "main" && c.before.pkg.Name() == "main":
		return "it is the program itself"
	case f.signature().TypeParams().Len()+f.signature().RecvTypeParams().Len() > 0 && len(c.tuples(f)) == 0:
		if c.plain {
			return "it is generic, and its package can't be built with calls of it"
		}
		return "it is generic, and no types are known that fit"
	}
	if why := c.foreignToCalls(f); why != "" {
		return why
	}
	for object := range c.before.uses(signatureOf(f.decl)) {
		if c.unusable[object.Name()] {
			return fmt.Sprintf("the type %s changed", object.Name())
		}
	}
	return ""
}

// foreignToCalls says which parameter can't be made from bytes.
func (c *change) foreignToCalls(f *function) string {
	tuple := f.signature().Params()
	for i := range tuple.Len() {
		if _, is := tuple.At(i).Type().Underlying().(*types.Chan); !is {
			continue
		}
		name := tuple.At(i).Name()
		if name == "" || name == "_" {
			name = fmt.Sprintf("number %d", i+1)
		}
		return fmt.Sprintf("its parameter %s is a channel", name)
	}
	named := f.signature().Recv()
	if named == nil {
		return ""
	}
	if m := c.models[f.receiver]; m != nil && m.opaque && len(m.constructors) == 0 && !m.literal {
		return fmt.Sprintf("the fields of %s changed, and nothing makes one", f.receiver)
	}
	return ""
}

// signatureOf is a declaration without its body.
func signatureOf(decl *ast.FuncDecl) *ast.FuncDecl {
	bare := *decl
	bare.Body = nil
	return &bare
}
