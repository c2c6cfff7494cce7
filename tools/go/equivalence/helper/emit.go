package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

const (
	maxLiterals = 150
	maxOwn      = 30
)

// emit writes both versions' files: the package's own with counters, and one of ours that registers what it has.
func (c *change) emit(asked request, source packageSource) packageReply {
	answer := packageReply{
		Path: c.path, Subjects: map[string]string{}, Cannot: []cannot{}, Marks: []int{}, Open: c.open,
		Before: map[string]string{}, After: map[string]string{},
	}
	helpers, models := c.helpers()
	ids := c.number(helpers)
	for key, id := range ids {
		if c.marks[key] {
			answer.Marks = append(answer.Marks, id)
		}
	}
	for key, why := range c.cannot {
		answer.Cannot = append(answer.Cannot, cannot{c.pkgName() + "." + key, why})
	}
	sort.Ints(answer.Marks)
	slices.SortFunc(answer.Cannot, func(a, b cannot) int { return strings.Compare(a.Function, b.Function) })
	registered := c.registered(ids, helpers, answer.Subjects)
	body := registered + c.types(models) + c.globals() + c.literals()
	for _, side := range []struct {
		v    *version
		from sources
		out  map[string]string
		ids  map[string]int
	}{{c.before, source.Before, answer.Before, ids}, {c.after, source.After, answer.After, nil}} {
		hits := side.v.instrument(side.ids, side.out)
		ours := filepath.Join(side.from.Folder, "zz_ask_profiler_calls.go")
		side.out[ours] = c.register(asked, body, hits, len(ids))
		test := filepath.Join(side.from.Folder, "zz_ask_profiler_calls_test.go")
		side.out[test] = fmt.Sprintf(testFile, c.pkgName(), asked.Runtime)
	}
	return answer
}

const testFile = `package %s

import (
	"testing"

	askProfilerCalls %q
)

func TestAskProfilerCalls(t *testing.T) {
	if there, err := askProfilerCalls.Run(); err != nil {
		t.Fatal(err)
	} else if !there {
		t.Skip()
	}
}
`

const ownFile = `package %s

import askProfilerCalls %q

var askProfilerOn = askProfilerCalls.Recording()
var askProfilerHits [%d]uint32
var askProfilerCounters [%d]askProfilerCalls.Counter

func askProfilerDue(id int) bool { return askProfilerOn && askProfilerCounters[id].Due() }

func askProfilerRecord(id int, args ...interface{}) { askProfilerCalls.Record(%q, id, args...) }

func init() {
	askProfilerCalls.Register(&askProfilerCalls.Package{
		Path: %q, Module: %q, Main: %t, Hits: askProfilerHits[:],
%s	})
}
`

func (c *change) pkgName() string { return c.before.pkg.Name() }

func (c *change) register(asked request, body string, hits, counters int) string {
	return fmt.Sprintf(
		ownFile, c.pkgName(), asked.Runtime, hits+1, counters+1, c.path, c.path, asked.Module, c.pkgName() == "main", body,
	)
}

// helpers gives the functions that aren't compared but make and show values, and the types that they are about.
func (c *change) helpers() (map[string]bool, []*model) {
	found, wanted := map[string]bool{}, map[string]bool{}
	var want func(t types.Type)
	want = func(t types.Type) {
		for name := range heldTypes(t, c.before.pkg) {
			m := c.models[name]
			if m == nil || wanted[name] {
				if m == nil && isInterface(c.before, name) && !wanted[name] {
					wanted[name] = true
					for _, other := range c.models { // any may implement it
						want(c.before.pkg.Scope().Lookup(other.name).Type())
					}
				}
				continue
			}
			wanted[name] = true
			for _, key := range slices.Concat(m.constructors, m.methods) {
				found[key] = true
				want(c.before.functions[key].signature())
			}
		}
	}
	for key := range c.subjects {
		want(c.before.functions[key].signature())
		if receiver := c.before.functions[key].receiver; receiver != "" {
			want(c.before.pkg.Scope().Lookup(receiver).Type())
		}
	}
	var models []*model
	for name, m := range c.models {
		if wanted[name] {
			models = append(models, m)
		}
	}
	slices.SortFunc(models, func(a, b *model) int { return strings.Compare(a.name, b.name) })
	return found, models
}

func isInterface(v *version, name string) bool {
	object := v.pkg.Scope().Lookup(name)
	return object != nil && types.IsInterface(object.Type())
}

// number gives an id to each function of the old version whose calls are of interest.
func (c *change) number(helpers map[string]bool) map[string]int {
	ids := map[string]int{}
	for _, key := range c.before.order {
		if c.subjects[key] || c.marks[key] || helpers[key] {
			ids[key] = len(ids)
		}
	}
	return ids
}

// registered lists the functions, each instance of a generic one by itself.
func (c *change) registered(ids map[string]int, helpers map[string]bool, subjects map[string]string) string {
	var b strings.Builder
	b.WriteString("\t\tFunctions: []*askProfilerCalls.Function{\n")
	for _, key := range c.before.order {
		if !c.subjects[key] && !helpers[key] || c.notAlone(key) != "" && c.subjects[key] || !c.alike(key) {
			continue
		}
		f := c.before.functions[key]
		for _, name := range c.names(f) {
			if c.subjects[key] {
				subjects[name] = c.pkgName() + "." + key
			}
			fmt.Fprintf(&b, "\t\t\t{ID: %d, Name: %q, Params: %#v, Value: %s, Subject: %t, NilTests: %t, Literals: %s},\n",
				ids[key], name, f.paramNames(), name, c.subjects[key], c.testsNil(key), c.ownLiterals(key))
		}
	}
	b.WriteString("\t\t},\n")
	return b.String()
}

// names gives the expressions by which a function is called.
func (c *change) names(f *function) (names []string) {
	generic := f.signature().TypeParams().Len()+f.signature().RecvTypeParams().Len() > 0
	if !generic {
		return []string{f.key}
	}
	for _, t := range c.tuples(f) {
		if f.receiver == "" {
			names = append(names, f.key+"["+c.text(t)+"]")
		} else {
			names = append(names, methodKey(f.receiver+"["+c.text(t)+"]", f.pointer, f.decl.Name.Name))
		}
	}
	return names
}

func (f *function) paramNames() []string {
	names := []string{}
	lists := []*ast.FieldList{f.decl.Recv, f.decl.Type.Params}
	for _, list := range lists {
		if list == nil {
			continue
		}
		for _, field := range list.List {
			for _, id := range field.Names {
				names = append(names, id.Name)
			}
			if len(field.Names) == 0 {
				names = append(names, "")
			}
		}
	}
	return names
}

func (c *change) testsNil(key string) (tests bool) {
	for _, f := range []*function{c.before.functions[key], c.after.functions[key]} {
		ast.Inspect(f.decl.Body, func(n ast.Node) bool {
			if e, is := n.(*ast.BinaryExpr); is && (e.Op == token.EQL || e.Op == token.NEQ) {
				for _, side := range []ast.Expr{e.X, e.Y} {
					if id, is := side.(*ast.Ident); is && id.Name == "nil" {
						tests = true
					}
				}
			}
			return true
		})
	}
	return tests
}

func (c *change) types(models []*model) string {
	var b strings.Builder
	b.WriteString("\t\tTypes: []*askProfilerCalls.Type{\n")
	for _, m := range models {
		suffixes := []string{""}
		if named, is := c.before.pkg.Scope().Lookup(m.name).Type().(*types.Named); is && named.TypeParams().Len() > 0 {
			suffixes = nil
			for _, t := range c.instances[m.name] {
				suffixes = append(suffixes, "["+c.text(t)+"]")
			}
		}
		for _, suffix := range suffixes {
			fmt.Fprintf(&b, "\t\t\t{Pointer: (*%s%s)(nil), Opaque: %t, Shared: %t, Invented: %t, Literal: %t, Fields: %#v,\n",
				m.name, suffix, m.opaque, m.shared, m.invented, m.literal, append([]string{}, m.fields...))
			fmt.Fprintf(&b, "\t\t\t\tConstructors: %#v, Methods: %#v, Observers: %#v},\n",
				c.instance(m.constructors, suffix), c.instance(m.methods, suffix), c.instance(m.observers, suffix))
		}
	}
	for name := range c.before.declarations {
		if c.models[name] == nil && c.isType(c.before, name) && c.isType(c.after, name) && !c.unusable[name] &&
			!isGeneric(c.before, name) && !isInterface(c.before, name) {
			fmt.Fprintf(&b, "\t\t\t{Pointer: (*%s)(nil)},\n", name)
		}
	}
	b.WriteString("\t\t},\n")
	return b.String()
}

func isGeneric(v *version, name string) bool {
	switch t := v.pkg.Scope().Lookup(name).Type().(type) {
	case *types.Named:
		return t.TypeParams().Len() > 0
	case *types.Alias:
		return true // there is no more to it than to what it stands for
	}
	return false
}

// instance gives the names of a generic type's functions for the type arguments of one of its instances.
func (c *change) instance(keys []string, suffix string) []string {
	names := []string{}
	for _, key := range keys {
		for _, name := range c.names(c.before.functions[key]) {
			if suffix == "" || strings.Contains(name, suffix) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (c *change) globals() string {
	var names []string
	for name := range c.before.declarations {
		object, is := c.before.pkg.Scope().Lookup(name).(*types.Var)
		if _, still := c.after.pkg.Scope().Lookup(name).(*types.Var); is && still && object != nil && name != "_" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString("\t\tGlobals: []askProfilerCalls.Global{\n")
	for _, name := range names {
		fmt.Fprintf(&b, "\t\t\t{Name: %q, Pointer: &%s},\n", c.pkgName()+"."+name, name)
	}
	b.WriteString("\t\t},\n")
	return b.String()
}

// literals gives the constants in the code of both versions that differs.
func (c *change) literals() string {
	found := map[string]bool{}
	for _, v := range []*version{c.before, c.after} {
		other := map[*version]*version{c.before: c.after, c.after: c.before}[v]
		for _, key := range v.order {
			f := v.functions[key]
			if twin := other.functions[key]; f.decl.Body != nil && (twin == nil || c.changed[key] || c.subjects[key]) {
				v.constants(f.decl.Body, found)
			}
		}
	}
	return "\t\tLiterals: " + written(found, maxLiterals) + ",\n"
}

// ownLiterals gives the constants in one function's code, as it was and as it is, and in that of new ones it uses.
func (c *change) ownLiterals(key string) string {
	found := map[string]bool{}
	for _, v := range []*version{c.before, c.after} {
		f := v.functions[key]
		v.constants(f.decl.Body, found)
		for object := range v.uses(f.decl.Body) {
			for _, other := range v.functions {
				if other.object == object && other.decl.Body != nil {
					v.constants(other.decl.Body, found)
				}
			}
		}
	}
	return written(found, maxOwn)
}

// written is a list of constants as it is written in Go, the shortest first where there are too many.
func written(found map[string]bool, limit int) string {
	var all []string
	for text := range found {
		all = append(all, text)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return "[]interface{}{" + strings.Join(all[:min(len(all), limit)], ", ") + "}"
}

func (v *version) constants(body ast.Node, found map[string]bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		expr, is := n.(ast.Expr)
		if !is {
			return true
		}
		if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.CHAR {
			if text, err := strconv.Unquote(literal.Value); err == nil {
				found[strconv.Quote(text)] = true
			}
		}
		value := v.info.Types[expr].Value
		if value == nil {
			if literal, is := n.(*ast.BasicLit); is {
				value = constant.MakeFromLiteral(literal.Value, literal.Kind, 0)
			}
		}
		if value == nil {
			return true
		}
		switch value.Kind() {
		case constant.Int:
			if n, exact := constant.Int64Val(value); exact {
				found[fmt.Sprintf("int64(%d)", n)] = true
			}
		case constant.Float:
			n, _ := constant.Float64Val(value)
			found[fmt.Sprintf("float64(%s)", strconv.FormatFloat(n, 'g', -1, 64))] = true
		case constant.String:
			if text := constant.StringVal(value); len(text) < 2000 {
				found[strconv.Quote(text)] = true
			}
		}
		return true
	})
}
