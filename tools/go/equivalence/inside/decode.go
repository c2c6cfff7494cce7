//go:build go1.21

package askprofilercalls

import (
	"context"
	"encoding/binary"
	"math"
	"reflect"
	"regexp"
	"time"
)

const (
	maxBlank = 1 << 26 // bytes of a slice or map of which nothing is written but its length
	maxArray = 1 << 16
)

// decoder reads what an encoder wrote. The bytes may come from the other build, whose code could have changed them:
// they may lead to a panic, but never to a value that is much larger than they are.
type decoder struct {
	in      []byte
	seen    []reflect.Value
	recipes map[identity]*recipe // with these, values are described and not made
	guess   bool                 // fields were set that may mean something else in this build
	fill    func(reflect.Value)  // describes what couldn't be kept; without it, holes are refused
}

// decode makes the arguments of f anew.
func decode(f *Function, in []byte) (args []reflect.Value, guess bool, err error) {
	defer gaveUp(&err)
	d := &decoder{in: in}
	args = d.parameters(f.value.Type())
	return args, d.guess, nil
}

// describe makes the arguments of f without calling anything: values that need it are placeholders with a recipe.
func describe(f *Function, in []byte, recipes map[identity]*recipe, fill func(reflect.Value)) (
	args []reflect.Value, err error,
) {
	defer gaveUp(&err)
	d := &decoder{in: in, recipes: recipes, fill: fill}
	return d.parameters(f.value.Type()), nil
}

func (d *decoder) parameters(t reflect.Type) (args []reflect.Value) {
	for i := 0; i < t.NumIn(); i++ {
		args = append(args, d.slot(t.In(i)))
	}
	return args
}

func (d *decoder) slot(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	d.value(v)
	return v
}

func (d *decoder) number() int {
	n, size := binary.Uvarint(d.in)
	d.in = d.in[size:]
	return int(n)
}

func (d *decoder) signed() int64 {
	n, size := binary.Varint(d.in)
	d.in = d.in[size:]
	return n
}

func (d *decoder) tag() byte {
	tag := d.in[0]
	d.in = d.in[1:]
	return tag
}

func (d *decoder) bytes(n int) []byte {
	found := d.in[:n:n]
	d.in = d.in[n:]
	return found
}

// length is a number of elements. Most take a byte at least; what takes none is small.
func (d *decoder) length(of reflect.Type) int {
	n := d.number()
	if n < 0 || n > len(d.in) && (n > maxBlank || uintptr(n)*of.Size() > maxBlank) {
		giveUp("its arguments are cut off")
	}
	return n
}

func (d *decoder) text() string { return string(d.bytes(d.number())) }

func (d *decoder) float() float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(d.bytes(8)))
}

// value sets v, which is addressable and reachable.
func (d *decoder) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(d.tag() == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(d.signed())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n, size := binary.Uvarint(d.in)
		d.in = d.in[size:]
		v.SetUint(n)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(d.float())
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(d.float(), d.float()))
	case reflect.String:
		v.SetString(home.Replace(d.text()))
	case reflect.Array:
		for i := 0; i < v.Len(); i++ {
			d.value(reachable(v.Index(i)))
		}
	case reflect.Func:
		if d.tag() == isNew {
			v.Set(makeFunction(v.Type(), d.signed()))
		}
	case reflect.Slice:
		d.slice(v)
	case reflect.Map:
		d.mapping(v)
	case reflect.Pointer:
		d.pointer(v)
	case reflect.Interface:
		d.dynamic(v)
	case reflect.Struct:
		d.record(v)
	}
}

func (d *decoder) slice(v reflect.Value) {
	switch d.tag() {
	case isSeen:
		v.Set(d.seen[d.number()])
	case isNew:
		n := d.length(v.Type().Elem())
		made := reflect.MakeSlice(v.Type(), n, n+min(max(d.number(), 0), maxSpare))
		d.seen = append(d.seen, made)
		if v.Type().Elem().Kind() == reflect.Uint8 {
			copy(made.Bytes(), d.bytes(n))
		} else {
			for i := 0; i < n; i++ {
				d.value(made.Index(i))
			}
		}
		v.Set(made)
	}
}

func (d *decoder) mapping(v reflect.Value) {
	switch d.tag() {
	case isSeen:
		v.Set(d.seen[d.number()])
	case isNew:
		n := d.length(v.Type().Key())
		made := reflect.MakeMapWithSize(v.Type(), n)
		d.seen = append(d.seen, made)
		for i := 0; i < n; i++ {
			key := d.slot(v.Type().Key())
			made.SetMapIndex(key, d.slot(v.Type().Elem()))
		}
		v.Set(made)
	}
}

func (d *decoder) pointer(v reflect.Value) {
	switch d.tag() {
	case isSeen:
		v.Set(d.seen[d.number()])
	case isGlobal:
		d.global(v)
	case isNew:
		switch v.Type() {
		case locationType:
			name := d.text()
			v.Set(reflect.ValueOf(location(name, 0)))
			return
		case regexpType:
			expression, err := regexp.Compile(d.text())
			if err != nil {
				giveUp("a regular expression can't be compiled again")
			}
			v.Set(reflect.ValueOf(expression))
			return
		}
		number := len(d.seen)
		made := reflect.New(v.Type().Elem())
		d.seen = append(d.seen, made)
		if d.isRecipe(v.Type().Elem()) {
			// The constructor's own pointer: a copy could hold pointers to the original.
			made = d.made(made)
			d.seen[number] = made
		} else {
			d.value(made.Elem())
		}
		v.Set(made)
	}
}

func (d *decoder) global(v reflect.Value) {
	name := d.text()
	held, there := global(name)
	if !there || !held.Type().AssignableTo(v.Type()) {
		giveUp("%s isn't what it was", name)
	}
	v.Set(held)
}

func (d *decoder) dynamic(v reflect.Value) {
	switch d.tag() {
	case isGlobal:
		d.global(v)
	case isLive:
		v.Set(reflect.ValueOf(context.Background()))
	case isOver:
		over, cancel := context.WithCancel(context.Background())
		cancel()
		v.Set(reflect.ValueOf(over))
	case isNew:
		held := d.slot(d.typ())
		if !held.Type().AssignableTo(v.Type()) {
			giveUp("%s doesn't implement %s any more", held.Type(), v.Type())
		}
		v.Set(held)
	}
}

func (d *decoder) record(v reflect.Value) {
	t := v.Type()
	if forgotten[t] {
		return
	}
	if t == timeType {
		v.Set(reflect.ValueOf(d.time()))
		return
	}
	if d.isRecipe(t) {
		if made := d.made(v.Addr()); made.Pointer() != v.UnsafeAddr() {
			v.Set(made.Elem())
		}
		return
	}
	if made := structs[t]; made != nil {
		d.tag()
		d.guess = d.guess || made.Shared
	}
	for _, i := range fields(t) {
		d.value(reachable(v.Field(i)))
	}
}

func (d *decoder) isRecipe(t reflect.Type) bool { return structs[t] != nil && d.in[0] != isPlain }

// made follows a recipe and gives a pointer to the value; place is where the value would be otherwise.
func (d *decoder) made(place reflect.Value) reflect.Value {
	t := place.Type().Elem()
	if d.tag() == isHole {
		if d.fill == nil {
			giveUp("a %s can't be kept", t)
		}
		d.fill(place.Elem())
		return place
	}
	r := d.recipe(t)
	if d.recipes != nil {
		d.recipes[identity{place.Pointer(), t}] = r
		return place
	}
	return r.make(place)
}

func (d *decoder) recipe(t reflect.Type) *recipe {
	made, owner := structs[t], owners[t]
	r := &recipe{base: d.text()}
	if r.base == "" {
		for _, name := range made.Fields {
			field, there := t.FieldByName(name)
			if !there {
				giveUp("%s has no field %s any more", t, name)
			}
			r.fields = append(r.fields, d.slot(field.Type))
		}
	} else {
		r.args = d.parameters(owner.called(r.base).value.Type())
	}
	for n := d.number(); n > 0; n-- {
		s := step{method: d.text()}
		method := owner.called(s.method).value.Type()
		for i := 1; i < method.NumIn(); i++ {
			s.args = append(s.args, d.slot(method.In(i)))
		}
		r.steps = append(r.steps, s)
	}
	return r
}

func (p *Package) called(name string) *Function {
	f := p.function(name)
	if f == nil {
		giveUp("%s isn't there any more", name)
	}
	return f
}

// make gives a pointer to the value; it calls the module's own code, which may panic.
func (r *recipe) make(place reflect.Value) reflect.Value {
	t := place.Type().Elem()
	made, owner := structs[t], owners[t]
	if r.base == "" {
		for i, name := range made.Fields {
			place.Elem().FieldByName(name).Set(r.fields[i])
		}
	} else {
		results := owner.called(r.base).call(r.args)
		if last := results[len(results)-1]; last.Type() == errorType && !last.IsNil() {
			giveUp("%s returned an error", r.base)
		}
		if results[0].Kind() != reflect.Pointer {
			place.Elem().Set(results[0])
		} else if place = results[0]; place.IsNil() {
			giveUp("%s returned nil", r.base)
		}
	}
	for _, s := range r.steps {
		method := owner.called(s.method)
		receiver := place
		if method.value.Type().In(0).Kind() != reflect.Pointer {
			receiver = place.Elem()
		}
		method.call(append([]reflect.Value{receiver}, s.args...))
	}
	return place
}

// call calls with the last argument of a variadic function as a slice.
func (f *Function) call(args []reflect.Value) []reflect.Value {
	if f.value.Type().IsVariadic() {
		return f.value.CallSlice(args)
	}
	return f.value.Call(args)
}

func (d *decoder) typ() reflect.Type {
	kind := d.tag()
	if kind == isError {
		return errorType
	}
	if kind == isNamed {
		name := d.text()
		t := types[name]
		if t == nil {
			giveUp("the type %s isn't known here", name)
		}
		return t
	}
	switch reflect.Kind(kind) {
	case reflect.Pointer:
		return reflect.PointerTo(d.typ())
	case reflect.Slice:
		return reflect.SliceOf(d.typ())
	case reflect.Array:
		n := d.number()
		if n < 0 || n > maxArray {
			giveUp("its array is too large")
		}
		return reflect.ArrayOf(n, d.typ())
	case reflect.Map:
		key := d.typ()
		return reflect.MapOf(key, d.typ())
	case reflect.Interface:
		return reflect.TypeOf((*any)(nil)).Elem()
	}
	return basic[reflect.Kind(kind)]
}

var basic = map[reflect.Kind]reflect.Type{}

func init() {
	for _, v := range []any{
		false, 0, int8(0), int16(0), int32(0), int64(0), uint(0), uint8(0), uint16(0), uint32(0), uint64(0), uintptr(0),
		float32(0), 0.0, complex64(0), complex128(0), "",
	} {
		basic[reflect.TypeOf(v).Kind()] = reflect.TypeOf(v)
	}
}

func (d *decoder) time() time.Time {
	seconds, nanoseconds, offset := d.signed(), d.signed(), d.signed()
	t := time.Unix(seconds, nanoseconds)
	name := d.text()
	there := t.In(location(name, int(offset)))
	if _, found := there.Zone(); found != int(offset) {
		return t.In(time.FixedZone(name, int(offset)))
	}
	return there
}

// location gives the same pointer for the same name, as the time package's own variables do.
func location(name string, offset int) *time.Location {
	switch name {
	case "UTC", "":
		return time.UTC
	case "Local":
		return time.Local
	}
	if found, err := time.LoadLocation(name); err == nil {
		return found
	}
	return time.FixedZone(name, offset)
}
