//go:build go1.21

package askprofilercalls

import (
	"encoding/binary"
	"math"
	"os"
	"reflect"
	"regexp"
	"sort"
	"time"
)

// Nodes of pointers, slices, maps and interfaces start with one of these.
const (
	isNil = iota
	isNew
	isSeen   // the one with this number, so that what was shared is shared again
	isGlobal // what a package-level variable holds
	isLive   // a context
	isOver   // a context that was cancelled
)

// Nodes of struct types that are registered start with one of these.
const (
	isPlain  = iota
	isMade   // by a recipe
	isHole   // can't be kept: to be made
	maxDepth = 400
)

// Types in interfaces that have a name start with one of these, others with their kind.
const (
	isError = 254
	isNamed = 255
)

const maxSpare = 16

// recipe makes a value by calling its package's functions instead of setting its fields.
type recipe struct {
	base   string          // a constructor, or "" for a literal
	fields []reflect.Value // of a literal, one for each of Type.Fields
	args   []reflect.Value // of a constructor
	steps  []step
}

type step struct {
	method string
	args   []reflect.Value // without the receiver
}

// encoder writes values as bytes that another build of the module can read.
type encoder struct {
	out     []byte
	limit   int
	depth   int
	seen    map[memory]int
	known   identities
	recipes map[identity]*recipe // by the place that stands for the value
}

type memory struct {
	at  uintptr
	len int
	of  reflect.Type
}

// encode writes the arguments of a call; each is addressable and of the parameter's type.
func encode(args []reflect.Value, recipes map[identity]*recipe, limit int) (out []byte, err error) {
	defer gaveUp(&err)
	e := &encoder{limit: limit, seen: map[memory]int{}, known: knownIdentities(), recipes: recipes}
	for _, arg := range args {
		e.value(arg)
	}
	return e.out, nil
}

func (e *encoder) number(n uint64) { e.out = binary.AppendUvarint(e.out, n) }
func (e *encoder) tag(n byte)      { e.out = append(e.out, n) }

func (e *encoder) text(s string) {
	e.number(uint64(len(s)))
	e.out = append(e.out, s...)
}

func (e *encoder) value(v reflect.Value) {
	if len(e.out) > e.limit {
		giveUp("it holds more than %d kB", e.limit>>10)
	}
	if e.depth++; e.depth > maxDepth {
		giveUp("it is nested too deeply")
	}
	defer func() { e.depth-- }()
	switch v.Kind() {
	case reflect.Bool:
		e.tag(map[bool]byte{true: 1}[v.Bool()])
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.out = binary.AppendVarint(e.out, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		e.number(v.Uint())
	case reflect.Float32, reflect.Float64:
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(v.Float()))
	case reflect.Complex64, reflect.Complex128:
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(real(v.Complex())))
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(imag(v.Complex())))
	case reflect.String:
		e.text(v.String())
	case reflect.Array:
		for i := 0; i < v.Len(); i++ {
			e.value(reachable(v.Index(i)))
		}
	case reflect.Slice:
		e.slice(v)
	case reflect.Map:
		e.mapping(v)
	case reflect.Pointer:
		e.pointer(v)
	case reflect.Interface:
		e.dynamic(v)
	case reflect.Struct:
		e.record(v)
	case reflect.Func:
		e.function(v)
	default: // channels, unsafe pointers
		if !v.IsNil() {
			giveUp("it holds a %s", kindName(v.Kind()))
		}
	}
}

// function writes one that was made up by what makes it again.
func (e *encoder) function(v reflect.Value) {
	if v.IsNil() {
		e.tag(isNil)
		return
	}
	f := inventions[closure(v)]
	if f == nil {
		giveUp("it holds a function")
	}
	e.tag(isNew)
	e.out = binary.AppendVarint(e.out, f.seed)
}

func kindName(k reflect.Kind) string {
	switch k {
	case reflect.Func:
		return "function"
	case reflect.Chan:
		return "channel"
	}
	return k.String()
}

// again writes a reference to memory that was written before.
func (e *encoder) again(m memory) bool {
	if number, there := e.seen[m]; there {
		e.tag(isSeen)
		e.number(uint64(number))
		return true
	}
	e.seen[m] = len(e.seen)
	e.tag(isNew)
	return false
}

func (e *encoder) slice(v reflect.Value) {
	if v.IsNil() {
		e.tag(isNil)
		return
	}
	if e.again(memory{v.Pointer(), v.Len()<<1 | 1, v.Type()}) {
		return
	}
	e.number(uint64(v.Len()))
	e.number(uint64(min(v.Cap()-v.Len(), maxSpare)))
	if v.Type().Elem().Kind() == reflect.Uint8 {
		e.out = append(e.out, v.Bytes()...)
		return
	}
	for i := 0; i < v.Len(); i++ {
		e.value(reachable(v.Index(i)))
	}
}

func (e *encoder) mapping(v reflect.Value) {
	if v.IsNil() {
		e.tag(isNil)
		return
	}
	if e.again(memory{v.Pointer(), -1, v.Type()}) {
		return
	}
	e.number(uint64(v.Len()))
	keys := v.MapKeys()
	sortKeys(keys)
	for _, key := range keys {
		e.value(reachable(key))
		e.value(reachable(v.MapIndex(key)))
	}
}

// sortKeys brings keys into an order that is the same each time, where they have one.
func sortKeys(keys []reflect.Value) {
	sort.SliceStable(keys, func(i, j int) bool {
		a, b := keys[i], keys[j]
		switch a.Kind() {
		case reflect.String:
			return a.String() < b.String()
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			return a.Int() < b.Int()
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			return a.Uint() < b.Uint()
		}
		return false
	})
}

func (e *encoder) pointer(v reflect.Value) {
	if v.IsNil() {
		e.tag(isNil)
		return
	}
	if name := e.known.name(v); name != "" {
		e.tag(isGlobal)
		e.text(name)
		return
	}
	switch v.Type() {
	case locationType:
		e.tag(isNew)
		e.text(v.Interface().(*time.Location).String())
		return
	case regexpType:
		e.tag(isNew)
		e.text(v.Interface().(*regexp.Regexp).String())
		return
	case reflect.TypeOf((*os.File)(nil)):
		giveUp("it holds an open file")
	}
	if e.again(memory{v.Pointer(), -1, v.Type()}) {
		return
	}
	e.value(reachable(v.Elem()))
}

func (e *encoder) dynamic(v reflect.Value) {
	if v.IsNil() {
		e.tag(isNil)
		return
	}
	if v.Type() == contextType {
		over, _ := v.Interface().(interface{ Err() error })
		if over.Err() != nil {
			e.tag(isOver)
		} else {
			e.tag(isLive)
		}
		return
	}
	held := v.Elem()
	if name := e.known.name(held); name != "" {
		e.tag(isGlobal)
		e.text(name)
		return
	}
	e.tag(isNew)
	e.typ(held.Type())
	e.value(reachable(held))
}

func (e *encoder) record(v reflect.Value) {
	t := v.Type()
	if forgotten[t] {
		return
	}
	if t == timeType {
		e.time(v.Interface().(time.Time))
		return
	}
	if made := structs[t]; made != nil {
		if r := e.recipes[identity{v.UnsafeAddr(), t}]; r != nil {
			e.tag(isMade)
			e.recipe(r)
			return
		}
		if made.Opaque {
			e.opaque(v, made)
			return
		}
		e.tag(isPlain)
	}
	for _, i := range fields(t) {
		e.value(reachable(v.Field(i)))
	}
}

// opaque writes a live value whose fields may mean something else in the other build: by its exported ones, if
// those are all there is to it.
func (e *encoder) opaque(v reflect.Value, made *Type) {
	if !made.Literal || len(made.Constructors) > 0 {
		e.tag(isHole)
		return
	}
	r := &recipe{}
	for _, name := range made.Fields {
		r.fields = append(r.fields, reachable(v.FieldByName(name)))
	}
	e.tag(isMade)
	e.recipe(r)
}

func (e *encoder) recipe(r *recipe) {
	e.text(r.base)
	for _, field := range r.fields {
		e.value(field)
	}
	for _, arg := range r.args {
		e.value(arg)
	}
	e.number(uint64(len(r.steps)))
	for _, s := range r.steps {
		e.text(s.method)
		for _, arg := range s.args {
			e.value(arg)
		}
	}
}

func (e *encoder) time(t time.Time) {
	e.out = binary.AppendVarint(e.out, t.Unix())
	e.out = binary.AppendVarint(e.out, int64(t.Nanosecond()))
	_, offset := t.Zone()
	e.out = binary.AppendVarint(e.out, int64(offset))
	e.text(t.Location().String())
}

// typ writes a type that is held by an interface.
func (e *encoder) typ(t reflect.Type) {
	if t == errorType {
		e.tag(isError)
		return
	}
	if t.Name() != "" && t.PkgPath() != "" {
		if types[typeKey(t)] != t {
			giveUp("it holds a %s, which can't be made here", t)
		}
		e.tag(isNamed)
		e.text(typeKey(t))
		return
	}
	e.tag(byte(t.Kind()))
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		e.typ(t.Elem())
	case reflect.Array:
		e.number(uint64(t.Len()))
		e.typ(t.Elem())
	case reflect.Map:
		e.typ(t.Key())
		e.typ(t.Elem())
	case reflect.Struct, reflect.Func, reflect.Chan, reflect.Interface, reflect.UnsafePointer:
		if t != reflect.TypeOf((*any)(nil)).Elem() {
			giveUp("it holds a %s", t)
		}
	}
}
