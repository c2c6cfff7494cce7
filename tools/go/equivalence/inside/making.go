//go:build go1.21

package askprofilercalls

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/rand"
	"reflect"
	"sort"
	"strings"
	"time"
)

// cannotCall says why arguments of f can't be made, "" when they can.
func (g *generator) cannotCall(f *Function) string {
	for i := 0; i < f.value.Type().NumIn(); i++ {
		g.param = f.param(i)
		if why := g.cannotMake(f.value.Type().In(i), map[reflect.Type]bool{}); why != "" {
			return fmt.Sprintf("its parameter %s %s", f.param(i), why)
		}
	}
	return ""
}

// cannotMake says why no value of t can be made, "" when one can. What holds t already is no way to make it.
func (g *generator) cannotMake(t reflect.Type, within map[reflect.Type]bool) string {
	if len(g.pool[t]) > 0 || t == timeType || forgotten[t] || t == contextType || t == bigIntType {
		return ""
	}
	switch t.Kind() {
	case reflect.Func:
		if madeFrom(t, g.param) == notAtAll {
			return "is a function"
		}
	case reflect.Chan, reflect.UnsafePointer:
		return "is a " + kindName(t.Kind())
	case reflect.Interface:
		if !within[t] && len(g.candidates(t, within)) == 0 {
			return fmt.Sprintf("is a %s, of which no implementation is at hand", t)
		}
	case reflect.Pointer:
		if t == locationType || t == regexpType {
			return ""
		}
		return g.cannotMake(t.Elem(), within)
	case reflect.Array, reflect.Map, reflect.Slice:
		// Empty ones can always be made, but show little.
		if within[t] {
			return ""
		}
		if t.Elem().Kind() == reflect.Struct && structs[t.Elem()] != nil && structs[t.Elem()].Opaque {
			return fmt.Sprintf("holds values of %s, whose fields changed", t.Elem())
		}
		if t.Kind() == reflect.Map && g.needsPlace(t.Elem()) {
			return fmt.Sprintf("holds values of %s, which its functions make", t.Elem())
		}
		return g.cannotMake(t.Elem(), with(within, t))
	case reflect.Struct:
		return g.cannotMakeStruct(t, within)
	}
	return ""
}

func with(within map[reflect.Type]bool, t reflect.Type) map[reflect.Type]bool {
	more := map[reflect.Type]bool{t: true}
	for other := range within {
		more[other] = true
	}
	return more
}

func (g *generator) cannotMakeStruct(t reflect.Type, within map[reflect.Type]bool) string {
	made := structs[t]
	if made == nil && hides(t) && !startsAtZero[t] {
		return fmt.Sprintf("is a %s, which only its own package can make", t)
	}
	if made == nil || made.Invented || within[t] {
		return ""
	}
	if len(made.Constructors) == 0 {
		if !made.Literal {
			return fmt.Sprintf("is a %s, which nothing in its package makes by itself", t)
		}
		return ""
	}
	why := ""
	for _, name := range made.Constructors {
		if why = g.cannotCallWithin(owners[t].function(name), with(within, t)); why == "" {
			return ""
		}
	}
	return fmt.Sprintf("is a %s, which can't be made: for %s, %s", t, made.Constructors[0], why)
}

func (g *generator) cannotCallWithin(f *Function, within map[reflect.Type]bool) string {
	for i := 0; i < f.value.Type().NumIn(); i++ {
		t := f.value.Type().In(i)
		if within[t] || t.Kind() == reflect.Pointer && within[t.Elem()] {
			return "it needs one already"
		}
		if why := g.cannotMake(t, within); why != "" {
			return fmt.Sprintf("parameter %s %s", f.param(i), why)
		}
	}
	return ""
}

// needsPlace tells whether values of t are made by recipes only, which belong to a place and can't be moved.
func (g *generator) needsPlace(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && structs[t] != nil && !structs[t].Invented && len(g.pool[t]) == 0
}

// way makes a value for an interface; depth says how deep it is within an argument.
type way func(depth int) reflect.Value

// candidates are ways to make a value of an interface type.
func (g *generator) candidates(t reflect.Type, within map[reflect.Type]bool) []way {
	if found, there := g.ways[t]; there {
		return found
	}
	found := g.findCandidates(t, with(within, t))
	if len(within) == 0 {
		g.ways[t] = found
	}
	return found
}

func (g *generator) findCandidates(t reflect.Type, within map[reflect.Type]bool) (found []way) {
	if t.NumMethod() == 0 {
		for _, kind := range []reflect.Kind{reflect.Int, reflect.String, reflect.Float64, reflect.Bool} {
			found = append(found, g.maker(basic[kind]))
		}
		return append(found, g.maker(reflect.TypeOf([]any{})), g.maker(reflect.TypeOf(map[string]any{})))
	}
	if t == errorType {
		found = append(found, func(int) reflect.Value { return reflect.ValueOf(io.EOF) })
	}
	for _, own := range g.implementations() {
		for _, held := range []reflect.Type{own, reflect.PointerTo(own)} {
			if held.Implements(t) && !g.needsPlace(held) && g.cannotMake(held, within) == "" {
				found = append(found, g.maker(held))
				break
			}
		}
	}
	for _, known := range []reflect.Type{
		reflect.TypeOf(&Chunks{}), reflect.TypeOf(&Sink{}), reflect.TypeOf(Text("")), reflect.TypeOf(sort.IntSlice{}),
	} {
		if known.Implements(t) {
			found = append(found, g.maker(known))
		}
	}
	if reader := reflect.TypeOf(&strings.Reader{}); reader.Implements(t) {
		found = append(found, func(int) reflect.Value { return reflect.ValueOf(strings.NewReader(g.text())) })
	}
	if source := reflect.TypeOf(rand.NewSource(0)); source.Implements(t) {
		found = append(found, func(int) reflect.Value { return reflect.ValueOf(rand.NewSource(g.r.Int63())) })
	}
	return found
}

// implementations are the module's own types, in an order that is the same each time.
func (g *generator) implementations() (found []reflect.Type) {
	for _, t := range types {
		if ours(t) && t.Kind() != reflect.Interface && t.Kind() != reflect.Func && t.Kind() != reflect.Chan {
			found = append(found, t)
		}
	}
	sort.Slice(found, func(i, j int) bool { return typeKey(found[i]) < typeKey(found[j]) })
	return found
}

func (g *generator) maker(t reflect.Type) way {
	return func(depth int) reflect.Value {
		slot := reflect.New(t).Elem()
		if t.Kind() == reflect.Pointer {
			slot.Set(reflect.New(t.Elem()))
			g.value(slot.Elem(), depth+1)
		} else {
			g.movable(slot, depth+1)
		}
		return slot
	}
}

// movable sets v to something that needn't stay in its place: no recipe.
func (g *generator) movable(v reflect.Value, depth int) {
	if pool := g.pool[v.Type()]; len(pool) > 0 && v.Kind() == reflect.Struct {
		v.Set(pool[g.r.Intn(len(pool))])
		return
	}
	g.value(v, depth)
}

// value sets v to something made up; depth says how deep it is within an argument.
func (g *generator) value(v reflect.Value, depth int) {
	t := v.Type()
	g.left--
	if forgotten[t] || g.left < 0 || depth > 12 {
		return
	}
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Map && g.taken(v, t) {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(g.r.Intn(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(g.integer(t.Bits()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(uint64(g.integer(t.Bits()+1)) & (math.MaxUint64 >> (64 - t.Bits())))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(g.float(depth))
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(g.float(depth), g.float(depth)))
	case reflect.String:
		v.SetString(g.text())
	case reflect.Array:
		for i := 0; i < v.Len(); i++ {
			g.value(reachable(v.Index(i)), depth+1)
		}
	case reflect.Func:
		g.function(v)
	case reflect.Slice:
		g.slice(v, depth)
	case reflect.Map:
		g.mapping(v, depth)
	case reflect.Pointer:
		g.pointer(v, depth)
	case reflect.Interface:
		g.dynamic(v, depth)
	case reflect.Struct:
		g.record(v, depth)
	}
	if v.Kind() < reflect.Array || v.Kind() == reflect.String {
		g.recent = append(g.recent, v)
		if g.few != nil {
			g.few[t] = append(g.few[t], v)
		}
	}
}

// taken sets v to a value that this call has already, or that was recorded, now and then.
func (g *generator) taken(v reflect.Value, t reflect.Type) bool {
	if g.few != nil && g.few[t] == nil && t.Kind() < reflect.Array && g.r.Intn(3) == 0 {
		g.few[t] = append(g.few[t], v) // zero
		return true
	}
	if few := g.few[t]; len(few) > 2 || len(few) > 0 && g.r.Intn(3) > 0 {
		v.Set(few[g.r.Intn(len(few))])
		return true
	}
	if g.r.Intn(100) < 25 {
		for n := 0; n < 4 && len(g.recent) > 0; n++ {
			if earlier := g.recent[g.r.Intn(len(g.recent))]; earlier.Type() == t {
				v.Set(earlier)
				return true
			}
		}
	}
	pool, likely := g.pool[t], 25
	if made := structs[t]; v.Kind() == reflect.Struct && (made == nil && hides(t) || made != nil && !made.Invented) {
		likely = 80
		if made != nil && made.Shared {
			likely = 30 // a recipe is the same in both builds
		}
	}
	if len(pool) == 0 || g.r.Intn(100) >= likely {
		return false
	}
	v.Set(pool[g.r.Intn(len(pool))])
	return true
}

func (g *generator) slice(v reflect.Value, depth int) {
	t := v.Type()
	if t.Elem().Kind() == reflect.Uint8 {
		if g.r.Intn(10) > 0 {
			v.SetBytes(append(make([]byte, 0, 8), g.text()...))
		}
		return
	}
	n := g.length(depth)
	if n == 0 && g.r.Intn(2) == 0 {
		return
	}
	made := reflect.MakeSlice(t, n, n+g.r.Intn(3))
	for i := 0; i < n; i++ {
		g.value(made.Index(i), depth+1)
	}
	v.Set(made)
}

func (g *generator) mapping(v reflect.Value, depth int) {
	t := v.Type()
	n := g.length(depth)
	if n == 0 && g.r.Intn(2) == 0 {
		return
	}
	made := reflect.MakeMap(t)
	for i := 0; i < n; i++ {
		key, held := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		g.value(key, depth+1)
		g.movable(held, depth+1)
		if key.Comparable() {
			made.SetMapIndex(key, held)
		}
	}
	v.Set(made)
}

// length of a slice or map: mostly short, seldom long enough to reach what only many elements reach.
func (g *generator) length(depth int) int {
	if depth > 2 {
		return g.r.Intn(3)
	}
	n := 0
	switch dice := g.r.Intn(100); {
	case dice < 10:
	case dice < 50:
		n = 1 + g.r.Intn(4)
	case dice < 82 || depth > 0:
		n = 3 + g.r.Intn(8)
	case dice < 94:
		n = 10 + g.r.Intn(40)
	case dice < 97 && len(g.ints) > 0:
		n = int(min(max(g.ints[g.r.Intn(len(g.ints))], 0), 2500)) + g.r.Intn(3)
	default:
		n = 100 + g.r.Intn(900)
	}
	return min(n, max(g.left, 0))
}

func (g *generator) pointer(v reflect.Value, depth int) {
	t := v.Type()
	switch t {
	case locationType:
		v.Set(reflect.ValueOf(time.UTC))
		return
	case regexpType:
		if pool := g.pool[t]; len(pool) > 0 {
			v.Set(pool[g.r.Intn(len(pool))])
		}
		return
	}
	if g.nils && g.r.Intn(3) == 0 || depth > 4 && g.r.Intn(2) == 0 {
		return
	}
	if g.cannotMake(t.Elem(), map[reflect.Type]bool{}) != "" {
		return
	}
	made := reflect.New(t.Elem())
	g.value(made.Elem(), depth+1)
	v.Set(made)
}

func (g *generator) dynamic(v reflect.Value, depth int) {
	if v.Type() == contextType || g.nils && g.r.Intn(3) == 0 {
		if v.Type() == contextType {
			setContext(v, g.r.Intn(5) == 0)
		}
		return
	}
	if ways := g.candidates(v.Type(), nil); len(ways) > 0 && depth < 8 {
		held := ways[g.r.Intn(len(ways))](max(depth, 1))
		if v.Type() == errorType && g.r.Intn(2) == 0 {
			held = reflect.ValueOf(fmt.Errorf("%s", g.text()))
		}
		v.Set(held)
	}
}

func (g *generator) record(v reflect.Value, depth int) {
	t := v.Type()
	switch {
	case t == timeType:
		v.Set(reflect.ValueOf(g.moment()))
		return
	case t == bigIntType:
		v.Addr().Interface().(*big.Int).SetInt64(g.integer(64))
		return
	case startsAtZero[t]:
		switch held := v.Addr().Interface().(type) {
		case *bytes.Buffer:
			held.WriteString(g.text())
		case *big.Float:
			held.SetFloat64(g.float(1))
		case *big.Rat:
			held.SetFrac64(g.integer(32), 1+g.integer(16)&1023)
		}
		return
	case t == reflect.TypeOf(Sink{}):
		if g.r.Intn(4) == 0 {
			v.FieldByName("Limit").SetInt(1 + int64(g.r.Intn(40)))
		}
		return
	}
	made := structs[t]
	if made != nil && !made.Invented {
		g.recipe(v)
		return
	}
	for i := 0; i < v.NumField(); i++ {
		if made != nil || t.Field(i).IsExported() {
			g.value(reachable(v.Field(i)), depth+1)
		}
	}
}

// recipe says how to make v by the functions of its package; v itself only stands for what they will make.
func (g *generator) recipe(v reflect.Value) {
	t := v.Type()
	if g.making[t] {
		return
	}
	g.making[t] = true
	defer delete(g.making, t)
	made, owner := structs[t], owners[t]
	r := &recipe{}
	if usable := g.usable(owner, made.Constructors, t); len(usable) > 0 {
		f := usable[g.r.Intn(len(usable))]
		r.base, r.args = f.Name, g.remembered(f, 0)
	} else {
		for _, name := range made.Fields {
			field := reflect.New(v.FieldByName(name).Type()).Elem()
			g.value(field, 1)
			r.fields = append(r.fields, field)
		}
	}
	if methods := g.usable(owner, made.Methods, t); len(methods) > 0 {
		for n := g.r.Intn(8) - 1; n > 0; n-- {
			f := methods[g.r.Intn(len(methods))]
			r.steps = append(r.steps, step{f.Name, g.remembered(f, 1)})
		}
	}
	g.recipes[identity{v.UnsafeAddr(), t}] = r
}

func (g *generator) usable(owner *Package, names []string, t reflect.Type) (found []*Function) {
	for _, name := range names {
		f := owner.function(name)
		if f == nil {
			continue
		}
		fits := true
		for i := 0; i < f.value.Type().NumIn() && fits; i++ {
			in := f.value.Type().In(i)
			isReceiver := i == 0 && (in == t || in == reflect.PointerTo(t))
			fits = isReceiver || g.cannotMake(in, map[reflect.Type]bool{t: true, reflect.PointerTo(t): true}) == ""
		}
		if fits {
			found = append(found, f)
		}
	}
	return found
}

// remembered gives arguments for f, from a recorded call where there is one and by luck.
func (g *generator) remembered(f *Function, from int) []reflect.Value {
	if seeds := g.seeds[f.key()]; len(seeds) > 0 && g.r.Intn(100) < 70 {
		args, err := describe(f, seeds[g.r.Intn(len(seeds))], g.recipes, func(reflect.Value) {})
		if err == nil {
			if g.r.Intn(3) == 0 && len(args) > from {
				i := from + g.r.Intn(len(args)-from)
				g.param = f.param(i)
				g.change(args[i], 1)
			}
			return args[from:]
		}
	}
	return g.parameters(f, from)
}
