//go:build go1.21

package askprofilercalls

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	maxDump = 1 << 20
	place   = '\x01' // stands for a float in a dump's text
)

// home turns paths in the other copy into those in this one.
var home = strings.NewReplacer()

// places stand for the copy's folder and ours in it, which the two builds don't share.
var places = strings.NewReplacer()

// Dump is what values look like, with floats apart so that they can be compared with a tolerance.
type Dump struct {
	Text   string
	Floats []string `json:",omitempty"`
	Blind  string   `json:",omitempty"` // what is in there that isn't looked into
}

type dumper struct {
	text    strings.Builder
	floats  []string
	path    []reflect.Value // pointers, maps and slices that are being dumped
	seen    map[memory]int  // by identity: what was dumped
	known   identities
	within  int                  // opaque values that are being dumped
	recipes map[identity]*recipe // of values that are only described
	blind   *string              // what is in there that isn't looked into
}

// dump shows values by content. Where that would take no end, as in a dense graph, what is shared is shown once.
func dump(values []reflect.Value) (found Dump, err error) {
	known := knownIdentities()
	for _, seen := range []map[memory]int{nil, {}} {
		d := &dumper{known: known, seen: seen, blind: new(string)}
		if err = d.all(values); err == nil {
			return Dump{d.text.String(), d.floats, *d.blind}, nil
		}
	}
	return found, err
}

func (d *dumper) all(values []reflect.Value) (err error) {
	defer gaveUp(&err)
	d.list(values)
	return nil
}

func (d *dumper) list(values []reflect.Value) {
	for i, v := range values {
		if i > 0 {
			d.put(", ")
		}
		d.value(reachable(v))
	}
}

func (d *dumper) put(format string, words ...any) {
	fmt.Fprintf(&d.text, format, words...)
	if d.text.Len() > maxDump {
		giveUp("its values are too large to compare")
	}
}

func (d *dumper) quoted(s string) {
	d.put("%s", strconv.Quote(places.Replace(s)))
}

func (d *dumper) float(f float64, bits int) {
	if math.IsNaN(f) {
		f = math.NaN() // whatever its payload
	}
	d.put("%c", place)
	kind := map[int]string{32: "f", 64: "d"}[bits]
	d.floats = append(d.floats, kind+strconv.FormatFloat(f, 'g', -1, bits))
}

func (d *dumper) value(v reflect.Value) {
	t := v.Type()
	if d.special(v, t) {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		d.put("%t", v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.put("%d", v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		d.put("%d", v.Uint())
	case reflect.Float32:
		d.float(v.Float(), 32)
	case reflect.Float64:
		d.float(v.Float(), 64)
	case reflect.Complex64, reflect.Complex128:
		bits := int(t.Size()) * 4
		d.put("complex(")
		d.float(real(v.Complex()), bits)
		d.put(", ")
		d.float(imag(v.Complex()), bits)
		d.put(")")
	case reflect.String:
		d.quoted(v.String())
	case reflect.Array:
		d.put("%s", t)
		d.elements(v)
	case reflect.Slice:
		d.slice(v, t)
	case reflect.Map:
		d.mapping(v, t)
	case reflect.Pointer:
		d.pointer(v)
	case reflect.Interface:
		d.dynamic(v)
	case reflect.Struct:
		d.record(v, t)
	default:
		if v.IsNil() {
			d.put("nil")
		} else {
			d.unfold(v)
		}
	}
}

func (d *dumper) dynamic(v reflect.Value) {
	if v.IsNil() {
		d.put("nil")
		return
	}
	held := reachable(v.Elem())
	switch held.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array, reflect.Struct:
		if held.Type().Name() == "" || held.Kind() == reflect.Struct {
			d.value(held)
			return
		}
	case reflect.String, reflect.Bool, reflect.Int:
		if held.Type().PkgPath() == "" {
			d.value(held)
			return
		}
	}
	d.put("%s(", held.Type())
	d.value(held)
	d.put(")")
}

func (d *dumper) slice(v reflect.Value, t reflect.Type) {
	if v.IsNil() {
		d.put("%s(nil)", t)
		return
	}
	if t.Elem().Kind() == reflect.Uint8 {
		d.put("%s(", t)
		d.quoted(string(v.Bytes()))
		d.put(")")
		return
	}
	d.put("%s", t)
	if d.enter(memory{v.Pointer(), v.Len()<<1 | 1, t}, v) {
		d.elements(v)
		d.leave()
	}
}

func (d *dumper) elements(v reflect.Value) {
	d.put("{")
	for i := 0; i < v.Len(); i++ {
		if i > 0 {
			d.put(", ")
		}
		d.value(reachable(v.Index(i)))
	}
	d.put("}")
}

type entry struct {
	key, value *dumper
}

func (d *dumper) mapping(v reflect.Value, t reflect.Type) {
	if v.IsNil() {
		d.put("%s(nil)", t)
		return
	}
	d.put("%s", t)
	if !d.enter(memory{v.Pointer(), -1, t}, v) {
		return
	}
	var entries []entry
	for _, key := range v.MapKeys() {
		e := entry{d.part(), nil}
		e.key.value(reachable(key))
		entries = append(entries, e)
		if held := v.MapIndex(key); held.IsValid() { // not for a key that is no number
			entries[len(entries)-1].value = d.part()
			entries[len(entries)-1].value.value(reachable(held))
		}
	}
	sort.SliceStable(entries, func(i, j int) bool { return entries[i].key.order() < entries[j].key.order() })
	d.put("{")
	for i, e := range entries {
		if i > 0 {
			d.put(", ")
		}
		d.add(e.key)
		if e.value != nil {
			d.put(": ")
			d.add(e.value)
		}
	}
	d.put("}")
	d.leave()
}

// part is a dumper for something within.
func (d *dumper) part() *dumper {
	return &dumper{path: d.path, seen: d.seen, known: d.known, within: d.within, recipes: d.recipes, blind: d.blind}
}

func (d *dumper) order() string { return d.text.String() + strings.Join(d.floats, ",") }

func (d *dumper) add(part *dumper) {
	d.floats = append(d.floats, part.floats...)
	d.put("%s", part.text.String())
}

// enter tells whether to go into memory, and says so in the text when not.
func (d *dumper) enter(m memory, v reflect.Value) bool {
	for i, above := range d.path {
		if above.Kind() == v.Kind() && above.Type() == v.Type() && above.Pointer() == v.Pointer() &&
			(v.Kind() != reflect.Slice || above.Len() == v.Len()) && m.len != 1 {
			d.put("<%d up>", len(d.path)-i)
			return false
		}
	}
	if d.seen != nil && v.Kind() != reflect.Slice {
		if number, there := d.seen[m]; there {
			d.put("<number %d>", number)
			return false
		}
		d.seen[m] = len(d.seen)
	}
	if len(d.path) > maxDepth {
		giveUp("its values are nested too deeply to compare")
	}
	d.path = append(d.path, v)
	return true
}

func (d *dumper) leave() { d.path = d.path[:len(d.path)-1] }

func (d *dumper) pointer(v reflect.Value) {
	if v.IsNil() {
		d.put("nil")
		return
	}
	if !d.enter(memory{v.Pointer(), -1, v.Type()}, v) {
		return
	}
	d.put("&")
	d.value(reachable(v.Elem()))
	d.leave()
}

func (d *dumper) record(v reflect.Value, t reflect.Type) {
	if r := d.recipes[identity{v.UnsafeAddr(), t}]; r != nil {
		d.recipe(r, t)
		return
	}
	if made := structs[t]; made != nil && (made.Opaque || made.Shared) {
		d.opaque(v, t, made)
		return
	}
	d.put("%s{", t)
	n := 0
	for _, i := range fields(t) {
		if t.Field(i).Name == "_" {
			continue
		}
		if n++; n > 1 {
			d.put(", ")
		}
		d.put("%s: ", t.Field(i).Name)
		d.value(reachable(v.Field(i)))
	}
	d.put("}")
}

// recipe shows the calls that make a value.
func (d *dumper) recipe(r *recipe, t reflect.Type) {
	d.put("%s", t)
	if r.base != "" {
		d.put(" by %s(", r.base)
		d.list(r.args)
		d.put(")")
	} else {
		d.put("{")
		d.list(r.fields)
		d.put("}")
	}
	for _, s := range r.steps {
		d.put(" %s(", s.method[strings.LastIndex(s.method, ".")+1:])
		d.list(s.args)
		d.put(")")
	}
}

// opaque shows what can be seen of a value whose fields may mean something else in the other build.
func (d *dumper) opaque(v reflect.Value, t reflect.Type, made *Type) {
	if d.within++; d.within > 3 {
		d.put("...") // what observers give may hold more of them without end
		d.within--
		return
	}
	defer func() { d.within-- }()
	d.put("%s{", t)
	for _, name := range made.Fields {
		d.put("%s: ", name)
		d.value(reachable(v.FieldByName(name)))
		d.put("; ")
	}
	for _, name := range made.Observers {
		d.put("%s() = ", name)
		d.observe(v, owners[t].function(name))
		d.put("; ")
	}
	d.put("}")
}

func (d *dumper) observe(v reflect.Value, observer *Function) {
	if observer.value.Type().In(0).Kind() == reflect.Pointer {
		v = v.Addr()
	}
	results, panicked := func() (results []reflect.Value, panicked any) {
		defer func() { panicked = recover() }()
		return observer.call([]reflect.Value{v}), nil
	}()
	if panicked != nil {
		d.put("panic")
		return
	}
	for i, result := range results {
		if i > 0 {
			d.put(", ")
		}
		d.value(reachable(result))
	}
}

// special shows values of which something else than their fields counts.
func (d *dumper) special(v reflect.Value, t reflect.Type) bool {
	if forgotten[t] {
		d.put("_")
		return true
	}
	if t == timeType {
		when := v.Interface().(time.Time)
		d.put("time(%s %s)", when.Round(0).Format(time.RFC3339Nano), when.Location())
		return true
	}
	if v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer && v.IsNil() {
		return false
	}
	if t.Implements(errorType) {
		d.err(v)
		return true
	}
	return d.foreign(v, t)
}

// err shows an error by the types and texts of its chain, and by the variables that hold its links.
func (d *dumper) err(v reflect.Value) {
	failure := v.Interface().(error)
	d.put("error(")
	for n := 0; failure != nil && n < 20; n++ {
		if n > 0 {
			d.put(" <- ")
		}
		held := reachable(reflect.ValueOf(failure))
		if name := d.known.name(held); name != "" {
			d.put("%s = ", name)
		}
		d.put("%s ", held.Type())
		d.quoted(errorText(failure))
		if named := held.Type(); ours(named) || named.Kind() == reflect.Pointer && ours(named.Elem()) {
			d.fields(held)
		}
		failure = errors.Unwrap(failure)
	}
	d.put(")")
}

// fields shows what an error type of the module holds but other errors, which are in the chain.
func (d *dumper) fields(v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		v = reachable(v.Elem())
	}
	if v.Kind() != reflect.Struct || structs[v.Type()] != nil && (structs[v.Type()].Opaque || structs[v.Type()].Shared) {
		return
	}
	for i := 0; i < v.NumField(); i++ {
		field := v.Type().Field(i)
		if !field.Type.Implements(errorType) && field.Name != "_" {
			d.put(" %s: ", field.Name)
			d.value(reachable(v.Field(i)))
		}
	}
}

func errorText(failure error) (text string) {
	defer func() {
		if recover() != nil {
			text = "Error panics"
		}
	}()
	return failure.Error()
}
