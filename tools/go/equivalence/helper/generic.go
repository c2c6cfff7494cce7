package main

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

const maxTuples = 3

// tuple is the type arguments of one instance.
type tuple []types.Type

func (c *change) text(t tuple) string {
	var names []string
	for _, one := range t {
		names = append(names, types.TypeString(one, types.RelativeTo(c.before.pkg)))
	}
	return strings.Join(names, ", ")
}

// tuples gives the type arguments with which a function is compared; none for one that isn't generic.
func (c *change) tuples(f *function) []tuple {
	if f.receiver != "" {
		return c.instances[f.receiver]
	}
	return c.instances[f.key]
}

// findInstances takes the type arguments that the package and its tests use, then common types that fit.
func (c *change) findInstances() {
	if c.plain {
		return
	}
	for id, instance := range c.before.info.Instances {
		object := c.before.info.Uses[id]
		if object == nil || object.Pkg() != c.before.pkg {
			continue
		}
		t := tuple{}
		for i := range instance.TypeArgs.Len() {
			t = append(t, instance.TypeArgs.At(i))
		}
		if !slices.ContainsFunc(t, func(one types.Type) bool { return !c.nameable(one) }) {
			c.addInstance(object.Name(), t)
		}
	}
	for _, key := range c.before.order {
		f := c.before.functions[key]
		if f.receiver == "" && f.signature().TypeParams().Len() > 0 {
			c.addCommon(key, f.signature().TypeParams(), f.signature(), f.decl.Type.TypeParams)
		}
	}
	for _, file := range c.before.files {
		for _, decl := range file.Decls {
			if group, is := decl.(*ast.GenDecl); is {
				c.addCommonTypes(group)
			}
		}
	}
	for _, found := range c.instances {
		slices.SortStableFunc(found, func(a, b tuple) int { return strings.Compare(c.text(a), c.text(b)) })
	}
}

func (c *change) addCommonTypes(group *ast.GenDecl) {
	for _, spec := range group.Specs {
		spec, is := spec.(*ast.TypeSpec)
		if !is || spec.TypeParams == nil {
			continue
		}
		if named, is := c.before.pkg.Scope().Lookup(spec.Name.Name).Type().(*types.Named); is {
			c.addCommon(spec.Name.Name, named.TypeParams(), named, spec.TypeParams)
		}
	}
}

func (c *change) addInstance(name string, t tuple) {
	text := c.text(t)
	same := func(other tuple) bool { return c.text(other) == text }
	if len(c.instances[name]) < maxTuples && !slices.ContainsFunc(c.instances[name], same) {
		c.instances[name] = append(c.instances[name], t)
	}
}

// nameable tells whether a type can be written in a file of the package, in both versions.
func (c *change) nameable(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return t.Kind() != types.Invalid && t.Info()&types.IsUntyped == 0 && t.Kind() != types.UnsafePointer
	case *types.Named:
		name := t.Obj().Name()
		if t.Obj().Pkg() == nil {
			return name == "error"
		}
		_, declared := c.before.declarations[name]
		return t.Obj().Pkg() == c.before.pkg && t.TypeParams().Len() == 0 && declared && c.isType(c.after, name) &&
			!c.unusable[name] && t.Obj().Parent() == c.before.pkg.Scope()
	case *types.Pointer:
		return c.nameable(t.Elem())
	case *types.Slice:
		return c.nameable(t.Elem())
	case *types.Map:
		return c.nameable(t.Key()) && c.nameable(t.Elem())
	case *types.Interface:
		return t.Empty()
	}
	return false
}

// addCommon adds instances with common types.
func (c *change) addCommon(name string, params *types.TypeParamList, generic types.Type, fields *ast.FieldList) {
	written := constraints(c.before, fields)
	for start := range 3 {
		t := make(tuple, params.Len())
		for i := range t {
			t[i] = c.fitting(params.At(i), written[i], start+i)
		}
		for i := range t {
			if t[i] == nil {
				t[i] = derived(params.At(i), params, t)
			}
		}
		if slices.Contains(t, nil) {
			continue
		}
		if _, err := types.Instantiate(nil, generic, t, true); err == nil || anyForeign(written) {
			c.addInstance(name, t)
		}
	}
}

// constraints gives each type parameter's constraint as it is written.
func constraints(v *version, fields *ast.FieldList) (texts []string) {
	for _, field := range fields.List {
		for range field.Names {
			texts = append(texts, v.print(field.Type))
		}
	}
	return texts
}

func anyForeign(written []string) bool {
	return slices.ContainsFunc(written, func(text string) bool { return known[text] != nil })
}

// known are constraints of other packages, which aren't read.
var known = map[string][]types.Type{
	"cmp.Ordered":          {types.Typ[types.Int], types.Typ[types.String], types.Typ[types.Float64]},
	"constraints.Ordered":  {types.Typ[types.Int], types.Typ[types.String], types.Typ[types.Float64]},
	"constraints.Integer":  {types.Typ[types.Int], types.Typ[types.Uint8], types.Typ[types.Int64]},
	"constraints.Signed":   {types.Typ[types.Int], types.Typ[types.Int8], types.Typ[types.Int64]},
	"constraints.Unsigned": {types.Typ[types.Uint], types.Typ[types.Uint8], types.Typ[types.Uint64]},
	"constraints.Float":    {types.Typ[types.Float64], types.Typ[types.Float32]},
}

var common = []types.Type{
	types.Typ[types.Int], types.Typ[types.String], types.Typ[types.Float64], types.Typ[types.Uint8],
	types.Typ[types.Int64], types.Typ[types.Float32], types.Typ[types.Int32], types.Typ[types.Uint], types.Typ[types.Bool],
}

// fitting gives a type for one parameter, nil when none of the common ones fits alone.
func (c *change) fitting(param *types.TypeParam, written string, n int) types.Type {
	choices := known[written]
	if choices == nil {
		constraint, is := param.Constraint().Underlying().(*types.Interface)
		if !is {
			return nil
		}
		for _, t := range common {
			if types.Satisfies(t, constraint) {
				choices = append(choices, t)
			}
		}
	}
	if len(choices) == 0 {
		return nil
	}
	return choices[n%min(len(choices), 3)]
}

// derived gives the type for a parameter such as S in [S ~[]E, E any], once that of E is chosen.
func derived(param *types.TypeParam, params *types.TypeParamList, chosen tuple) types.Type {
	constraint, is := param.Constraint().Underlying().(*types.Interface)
	if !is || constraint.NumEmbeddeds() != 1 {
		return nil
	}
	core := constraint.EmbeddedType(0)
	if union, is := core.(*types.Union); is && union.Len() == 1 {
		core = union.Term(0).Type()
	}
	other := func(t types.Type) types.Type {
		for i := range params.Len() {
			if types.Unalias(t) == types.Type(params.At(i)) {
				return chosen[i]
			}
		}
		return nil
	}
	switch core := core.(type) {
	case *types.Slice:
		if elem := other(core.Elem()); elem != nil {
			return types.NewSlice(elem)
		}
	case *types.Map:
		if key, elem := other(core.Key()), other(core.Elem()); key != nil && elem != nil {
			return types.NewMap(key, elem)
		}
	}
	return nil
}
