//go:build go1.21

// Package askprofilercalls records calls of a package's functions, makes up more of them, and repeats them.
//
// It is added to two builds of a module, with its old and with its new code, by the go command's -overlay. A file
// that is generated for each changed package registers what can be called there. The same calls, kept as bytes that
// both builds understand, then show whether old and new code do the same.
package askprofilercalls

import (
	"reflect"
	"sort"
	"strings"
)

// Package is what one changed package registers.
type Package struct {
	Path      string
	Module    string
	Main      bool
	Functions []*Function
	Types     []*Type
	Globals   []Global
	Literals  []any    // constants of the changed code, worth trying as inputs
	Hits      []uint32 // how often each block of the package was entered
}

// Function can be called: a function, a method with its receiver as first parameter, or one instance of a generic one.
type Function struct {
	ID       int    // several instances of a generic function share it
	Name     string // as reports show it, unique in its package
	Params   []string
	Value    any
	Subject  bool // is compared; others only help to make values
	Literals []any
	NilTests bool // its code compares with nil, so nil pointers are worth trying
	owner    *Package
	value    reflect.Value
}

// Type is a struct type of the package whose values aren't made up field by field.
type Type struct {
	Pointer      any      // a nil *T
	Opaque       bool     // old and new code have different fields for the same value
	Shared       bool     // several changed functions use its unexported fields, and may use them in another way
	Invented     bool     // a plain record: any fields are a good value
	Fields       []string // exported fields that both versions have
	Literal      bool     // may be made by setting Fields
	Constructors []string // functions that return it
	Methods      []string // may be called on a new value to bring it into other states
	Observers    []string // tell what an opaque value holds
}

// Global is a package-level variable: pointers to it or in it keep their identity.
type Global struct {
	Name    string
	Pointer any
}

var (
	packages  = map[string]*Package{}
	functions = map[string]*Function{} // by package path and name
	structs   = map[reflect.Type]*Type{}
	owners    = map[reflect.Type]*Package{}
	types     = map[string]reflect.Type{}
	globals   []Global
	modules   = map[string]bool{}
)

// Register is called by each changed package's init.
func Register(p *Package) {
	packages[p.Path] = p
	modules[p.Module] = true
	for _, f := range p.Functions {
		f.owner, f.value = p, reflect.ValueOf(f.Value)
		functions[f.key()] = f
		know(f.value.Type())
	}
	for _, t := range p.Types {
		named := reflect.TypeOf(t.Pointer).Elem()
		know(named)
		if named.Kind() == reflect.Struct {
			structs[named], owners[named] = t, p
		}
	}
	globals = append(globals, p.Globals...)
}

var byName = map[reflect.Type][]int{}

// fields gives the indices of a struct's fields: of a registered one by name, as the other build may have them in
// another order.
func fields(t reflect.Type) []int {
	if found, there := byName[t]; there {
		return found
	}
	found := make([]int, t.NumField())
	for i := range found {
		found[i] = i
	}
	if structs[t] != nil {
		sort.SliceStable(found, func(i, j int) bool { return t.Field(found[i]).Name < t.Field(found[j]).Name })
		byName[t] = found
	}
	return found
}

func (f *Function) key() string { return f.owner.Path + ":" + f.Name }

func (f *Function) param(i int) string {
	if i < len(f.Params) && f.Params[i] != "_" && f.Params[i] != "" {
		return f.Params[i]
	}
	return "number " + string(rune('1'+i%9))
}

// instances gives the functions that one place in the source stands for.
func (p *Package) instances(id int) (found []*Function) {
	for _, f := range p.Functions {
		if f.ID == id {
			found = append(found, f)
		}
	}
	return found
}

func (p *Package) function(name string) *Function { return functions[p.Path+":"+name] }

// typeKey is the same in a command and in its package's test binary, which give package main different paths.
func typeKey(t reflect.Type) string {
	path := t.PkgPath()
	if p := packages[path]; p != nil && p.Main {
		path = "main"
	}
	return path + "." + t.Name()
}

// know makes named types that t consists of findable by name, for values in interfaces.
func know(t reflect.Type) {
	if t.Name() != "" && t.PkgPath() != "" {
		if _, there := types[typeKey(t)]; there {
			return
		}
		types[typeKey(t)] = t
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
		know(t.Elem())
	case reflect.Map:
		know(t.Key())
		know(t.Elem())
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			know(t.Field(i).Type)
		}
	case reflect.Func:
		for i := 0; i < t.NumIn(); i++ {
			know(t.In(i))
		}
		for i := 0; i < t.NumOut(); i++ {
			know(t.Out(i))
		}
	}
}

// ours tells whether a type is the module's own, so that its fields are its behaviour.
func ours(t reflect.Type) bool {
	for module := range modules {
		if t.PkgPath() == module || strings.HasPrefix(t.PkgPath(), module+"/") || t.PkgPath() == "main" {
			return true
		}
	}
	return false
}

// identities maps pointers that package-level variables hold, and their own addresses, to names.
type identities map[identity]string

type identity struct {
	at uintptr
	of reflect.Type
}

func knownIdentities() identities {
	found := identities{}
	for _, g := range globals {
		variable := reflect.ValueOf(g.Pointer)
		found[identity{variable.Pointer(), variable.Type()}] = "&" + g.Name
	}
	for _, g := range globals {
		if held := pointerIn(reflect.ValueOf(g.Pointer).Elem()); held.IsValid() {
			found[identity{held.Pointer(), held.Type()}] = g.Name
		}
	}
	return found
}

// name gives "" for a pointer that no package-level variable holds.
func (known identities) name(p reflect.Value) string {
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return ""
	}
	return known[identity{p.Pointer(), p.Type()}]
}

// pointerIn gives the pointer in a variable, also in one of an interface type; the zero Value when there is none.
func pointerIn(variable reflect.Value) reflect.Value {
	if variable.Kind() == reflect.Interface {
		variable = variable.Elem()
	}
	if variable.Kind() != reflect.Pointer || variable.IsNil() {
		return reflect.Value{}
	}
	return variable
}

// global is the opposite of identities.name.
func global(name string) (reflect.Value, bool) {
	for _, g := range globals {
		variable := reflect.ValueOf(g.Pointer)
		if name == "&"+g.Name {
			return variable, true
		}
		if name == g.Name {
			held := pointerIn(variable.Elem())
			return held, held.IsValid()
		}
	}
	return reflect.Value{}, false
}
