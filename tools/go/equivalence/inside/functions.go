//go:build go1.21

package askprofilercalls

import (
	"hash/fnv"
	"math/rand"
	"reflect"
	"strings"
	"sync"
	"unsafe"
)

// function is one that was made up: the same arguments give the same results, in both builds and however often it
// is called. One without results keeps what it was called with.
type function struct {
	seed  int64
	value reflect.Value // kept, so that its place stays its own
	sync.Mutex
	calls []string
}

// inventions are the functions that were made up, by the place of their closures.
var inventions = map[unsafe.Pointer]*function{}

const maxVisits = 2000

// How a function that was made up comes to its result.
const (
	byDice = iota
	byOrder
	byEquality
	notAtAll
)

// madeFrom says how functions of type t are made up. Of two values of one type a bool or a number tells mostly which
// comes first, or whether they are equal; anything else would be no order.
func madeFrom(t reflect.Type, param string) int {
	if t.IsVariadic() {
		return notAtAll
	}
	for i := 0; i < t.NumOut(); i++ {
		if !plain(t.Out(i), 0) {
			return notAtAll
		}
	}
	if t.NumIn() != 2 || t.In(0) != t.In(1) || t.NumOut() != 1 {
		return byDice
	}
	name := strings.ToLower(param)
	switch t.Out(0).Kind() {
	case reflect.Int:
		return byOrder
	case reflect.Bool:
		for _, word := range []string{"less", "before", "lt", "cmp", "order"} {
			if strings.Contains(name, word) {
				return byOrder
			}
		}
		for _, word := range []string{"eq", "same"} {
			if strings.Contains(name, word) {
				return byEquality
			}
		}
		return notAtAll
	}
	return byDice
}

// plain tells whether values of t can be made from dice alone.
func plain(t reflect.Type, depth int) bool {
	if depth > 4 || forgotten[t] {
		return false
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	case reflect.Interface:
		return t == errorType || t.NumMethod() == 0
	case reflect.Slice, reflect.Array, reflect.Pointer:
		return plain(t.Elem(), depth+1)
	case reflect.Map:
		return plain(t.Key(), depth+1) && plain(t.Elem(), depth+1)
	case reflect.Struct:
		if known := structs[t]; known != nil && !known.Invented || known == nil && hides(t) && t != timeType {
			return false
		}
		for i := 0; i < t.NumField(); i++ {
			if t != timeType && !plain(t.Field(i).Type, depth+1) {
				return false
			}
		}
	}
	return true
}

// makeFunction makes up the function of type t that the seed stands for; it says how, too.
func makeFunction(t reflect.Type, seed int64) reflect.Value {
	f := &function{seed: seed}
	how := int(seed & 3)
	call := func(args []reflect.Value) []reflect.Value {
		shown := make([]string, len(args))
		for i, arg := range args {
			if content, err := dump([]reflect.Value{arg}); err == nil {
				shown[i] = content.Text + strings.Join(content.Floats, ",")
			}
		}
		if t.NumOut() == 0 {
			f.visited(strings.Join(shown, ", "))
		}
		if how != byDice {
			return []reflect.Value{ordered(t.Out(0), how, args, shown)}
		}
		return diced(t, seed, shown)
	}
	f.value = reflect.New(t).Elem()
	f.value.Set(reflect.MakeFunc(t, call).Convert(t))
	inventions[closure(f.value)] = f
	return f.value
}

func (f *function) visited(shown string) {
	f.Lock()
	defer f.Unlock()
	if len(f.calls) < maxVisits {
		f.calls = append(f.calls, shown)
	}
}

func ordered(t reflect.Type, how int, args []reflect.Value, shown []string) reflect.Value {
	order := compare(args[0], args[1], shown)
	result := reflect.New(t).Elem()
	switch {
	case t.Kind() == reflect.Int:
		result.SetInt(int64(order))
	case how == byOrder:
		result.SetBool(order < 0)
	default:
		result.SetBool(order == 0)
	}
	return result
}

// compare orders numbers as numbers, anything else by how it is shown.
func compare(a, b reflect.Value, shown []string) int {
	switch {
	case a.CanInt() && a.Int() != b.Int():
		return sign(a.Int() < b.Int())
	case a.CanFloat() && a.Float() != b.Float() && a.Float() == a.Float() && b.Float() == b.Float():
		return sign(a.Float() < b.Float())
	}
	return strings.Compare(shown[0], shown[1])
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

func diced(t reflect.Type, seed int64, shown []string) (results []reflect.Value) {
	hash := fnv.New64a()
	for _, text := range shown {
		_, _ = hash.Write([]byte(text + "\x00"))
	}
	g := &generator{
		r: rand.New(rand.NewSource(seed ^ int64(hash.Sum64()))), left: 200, pool: map[reflect.Type][]reflect.Value{},
		ways: map[reflect.Type][]way{}, recipes: map[identity]*recipe{}, mild: true,
	}
	g.literals()
	for i := 0; i < t.NumOut(); i++ {
		slot := reflect.New(t.Out(i)).Elem()
		if t.Out(i) != errorType || g.r.Intn(6) == 0 {
			g.value(slot, 2)
		}
		results = append(results, slot)
	}
	return results
}

// closure is the place that makes a function value this one and no other.
func closure(v reflect.Value) unsafe.Pointer {
	slot := reflect.New(v.Type()).Elem()
	slot.Set(v)
	return *(*unsafe.Pointer)(unsafe.Pointer(slot.UnsafeAddr()))
}

// function sets v to a function that is made up.
func (g *generator) function(v reflect.Value) {
	how := madeFrom(v.Type(), g.param)
	if how != notAtAll {
		v.Set(makeFunction(v.Type(), g.r.Int63()&^3|int64(how)))
	}
}
