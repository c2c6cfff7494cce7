//go:build go1.21

package askprofilercalls

import (
	"context"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var words = []string{
	"a", "b", "A", "foo", "bar", "Zürich", "日本", "0", "7", "-1", "3.5", "true", "x=1", "key: value", "a,b,c", "one two",
	"/", ".", ",", ";", ":", "=", "\n", "\t", " ", "\"", "'", "\\", "<b>", "&", "%d", "{}", "[]", "()", "\x00", "\xff",
	"é", "😀", "a-b_c", "user@example.com", "http://example.com/p?q=1", "2024-02-29", "\r\n", "aaaaaaaaaaaaaaaaaaaa",
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \t\n.,;:-_/'\"éß世"

// integer fits into a signed number of so many bits.
func (g *generator) integer(bits int) int64 {
	bits = min(bits, 64)
	n := int64(0)
	switch dice := g.r.Intn(100); {
	case dice < 45:
		n = int64(g.r.Intn(14) - 3)
	case dice < 60 && len(g.own.ints) > 0:
		n = g.own.ints[g.r.Intn(len(g.own.ints))] + int64(g.r.Intn(3)-1)
	case dice < 65 && len(g.ints) > 0:
		n = g.ints[g.r.Intn(len(g.ints))] + int64(g.r.Intn(3)-1)
	case dice < 85 || g.mild:
		n = int64(g.r.Intn(2000) - 500)
	case dice < 95:
		shift := g.r.Intn(bits)
		n = int64(1)<<shift - int64(g.r.Intn(3)) + 1
		if g.r.Intn(3) == 0 {
			n = -n
		}
	default:
		n = int64(g.r.Uint64())
	}
	return n << (64 - bits) >> (64 - bits)
}

// float is of ordinary size inside slices and the like, where sums of extreme ones would depend on their order.
func (g *generator) float(depth int) float64 {
	switch dice := g.r.Intn(100); {
	case dice < 20:
		return float64(g.r.Intn(12) - 2)
	case dice < 28 && len(g.own.floats) > 0:
		return g.own.floats[g.r.Intn(len(g.own.floats))]
	case dice < 30 && len(g.floats) > 0:
		return g.floats[g.r.Intn(len(g.floats))]
	case dice < 38 && len(g.ints) > 0:
		return float64(g.ints[g.r.Intn(len(g.ints))])
	case dice < 46 && depth == 0:
		return []float64{
			0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1e-300, 1e300, math.MaxFloat64, 0.5, 1e15,
		}[g.r.Intn(10)]
	case dice < 75:
		return float64(g.r.Intn(200000)-50000) / 100
	}
	return g.r.NormFloat64() * 100
}

func (g *generator) text() string {
	switch dice := g.r.Intn(100); {
	case dice < 8:
		return ""
	case dice < 25:
		return g.word()
	case dice < 35:
		return strconv.FormatInt(g.integer(32+32*g.r.Intn(2)), 10)
	case dice < 45 && len(g.own.texts) > 0:
		var b strings.Builder
		for n := g.r.Intn(12) + 1; n > 0; n-- {
			b.WriteString(g.own.texts[g.r.Intn(len(g.own.texts))])
		}
		return b.String()
	case dice < 60:
		var b strings.Builder
		runes := []rune(letters)
		for n := g.r.Intn(12) + 1; n > 0; n-- {
			b.WriteRune(runes[g.r.Intn(len(runes))])
		}
		return b.String()
	case dice < 97:
		var b strings.Builder
		for n := g.r.Intn(6) + 2; n > 0; n-- {
			b.WriteString(g.word())
		}
		return b.String()
	}
	return strings.Repeat(g.word(), 20+g.r.Intn(200))
}

func (g *generator) word() string {
	pool := g.pool[basic[reflect.String]]
	switch dice := g.r.Intn(100); {
	case dice < 30 && len(g.own.texts) > 0:
		return g.own.texts[g.r.Intn(len(g.own.texts))]
	case dice < 35 && len(g.texts) > 0:
		return g.texts[g.r.Intn(len(g.texts))]
	case dice < 60 && len(pool) > 0:
		return pool[g.r.Intn(len(pool))].String()
	}
	return words[g.r.Intn(len(words))]
}

// moment is the zero time now and then, has parts of a second, or a zone.
func (g *generator) moment() time.Time {
	nanoseconds := int64(0)
	switch g.r.Intn(6) {
	case 0:
		return time.Time{}
	case 1, 2:
		nanoseconds = g.r.Int63n(1e9)
	}
	t := time.Unix(g.integer(32), nanoseconds).UTC()
	if g.r.Intn(4) == 0 {
		t = t.In(time.FixedZone("", (g.r.Intn(53)-24)*1800))
	}
	return t
}

func setContext(v reflect.Value, over bool) {
	held, cancel := context.WithCancel(context.Background())
	if !over {
		held = context.Background()
	}
	cancel()
	v.Set(reflect.ValueOf(held))
}

// change makes one change somewhere in v.
func (g *generator) change(v reflect.Value, depth int) {
	t := v.Type()
	if forgotten[t] || depth > 20 {
		return
	}
	if g.r.Intn(10) == 0 && g.cannotMake(t, map[reflect.Type]bool{}) == "" {
		g.value(v, min(depth, 2))
		return
	}
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		g.changeInteger(v)
	case reflect.Float32, reflect.Float64:
		v.SetFloat([]float64{-v.Float(), v.Float() + 1, v.Float() * 1.5, v.Float() / 3, 0, g.float(depth)}[g.r.Intn(6)])
	case reflect.String:
		v.SetString(g.changedText(v.String()))
	case reflect.Slice:
		g.changeSlice(v, depth)
	case reflect.Array:
		if v.Len() > 0 {
			g.change(reachable(v.Index(g.r.Intn(v.Len()))), depth+1)
		}
	case reflect.Map:
		g.changeMap(v, depth)
	case reflect.Pointer:
		g.changePointer(v, depth)
	case reflect.Interface:
		g.changeDynamic(v, depth)
	case reflect.Struct:
		g.changeRecord(v, depth)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
	default:
		g.value(v, 2)
	}
}

func (g *generator) changeInteger(v reflect.Value) {
	n := v.Int()
	n = []int64{n + 1, n - 1, -n, 0, n * 2, n / 2, g.integer(v.Type().Bits())}[g.r.Intn(7)]
	bits := v.Type().Bits()
	v.SetInt(n << (64 - bits) >> (64 - bits))
}

func (g *generator) changedText(s string) string {
	at := g.r.Intn(len(s) + 1)
	end := at + g.r.Intn(len(s)-at+1)
	switch g.r.Intn(9) {
	case 0:
		return s[:at]
	case 1:
		return s[:at] + s[end:]
	case 2:
		return s[:at] + g.word() + s[at:]
	case 3:
		return s[:at] + string(letters[g.r.Intn(62)]) + s[min(at+1, len(s)):]
	case 4:
		return s[:end] + s[at:]
	case 5:
		return strings.ToUpper(s)
	case 6:
		return s + s
	case 7:
		return " " + s + "\n"
	}
	return g.text()
}

func (g *generator) changeSlice(v reflect.Value, depth int) {
	t, n := v.Type(), v.Len()
	if t.Elem().Kind() == reflect.Uint8 {
		v.SetBytes([]byte(g.changedText(string(v.Bytes()))))
		return
	}
	for i := 0; i < n && t.Elem().Kind() == reflect.Struct; i++ {
		if g.recipes[identity{v.Index(i).Addr().Pointer(), t.Elem()}] != nil {
			g.slice(v, depth) // what has a recipe can't be moved
			return
		}
	}
	if n > 0 && g.r.Intn(2) == 0 {
		g.change(reachable(v.Index(g.r.Intn(n))), depth+1)
		return
	}
	made := reflect.MakeSlice(t, 0, n+1)
	at := g.r.Intn(n + 1)
	switch g.r.Intn(7) {
	case 0:
		v.SetZero()
		return
	case 1: // the beginning
		made = reflect.AppendSlice(made, v.Slice(0, at))
	case 2: // without one
		made = reflect.AppendSlice(made, v.Slice(0, at))
		made = reflect.AppendSlice(made, v.Slice(min(at+1, n), n))
	case 3: // one twice
		made = reflect.AppendSlice(made, v)
		if n > 0 {
			made = reflect.Append(made, v.Index(at%n))
		}
	case 4: // backwards
		for i := n - 1; i >= 0; i-- {
			made = reflect.Append(made, v.Index(i))
		}
	case 5: // several times
		for times := 2 + g.r.Intn(12); times > 0 && made.Len() < 3000; times-- {
			made = reflect.AppendSlice(made, v)
		}
	default: // one more
		made = reflect.AppendSlice(made, v)
		if g.cannotMake(t.Elem(), map[reflect.Type]bool{}) == "" {
			slot := reflect.New(t.Elem()).Elem()
			g.value(slot, depth+1)
			made = reflect.Append(made, slot)
		}
	}
	v.Set(made)
}

func (g *generator) changeMap(v reflect.Value, depth int) {
	keys := v.MapKeys()
	sortKeys(keys)
	if len(keys) == 0 || g.r.Intn(6) == 0 {
		if g.cannotMake(v.Type(), map[reflect.Type]bool{}) == "" {
			g.mapping(v, depth)
		}
		return
	}
	made := reflect.MakeMap(v.Type())
	at := g.r.Intn(len(keys))
	drop := g.r.Intn(2) == 0
	for i, key := range keys {
		held := reachable(v.MapIndex(key))
		if i == at && drop {
			continue
		}
		if i == at {
			g.change(held, depth+1)
		}
		made.SetMapIndex(key, held)
	}
	v.Set(made)
}

func (g *generator) changePointer(v reflect.Value, depth int) {
	if v.IsNil() {
		g.pointer(v, depth)
		return
	}
	if g.nils && g.r.Intn(4) == 0 {
		v.SetZero()
		return
	}
	if v.Type() != locationType && v.Type() != regexpType {
		g.change(reachable(v.Elem()), depth+1)
	}
}

func (g *generator) changeDynamic(v reflect.Value, depth int) {
	if v.IsNil() || g.r.Intn(4) == 0 {
		g.dynamic(v, depth)
		return
	}
	if v.Type() == contextType {
		return
	}
	held := reachable(v.Elem())
	g.change(held, depth+1)
	v.Set(held)
}

func (g *generator) changeRecord(v reflect.Value, depth int) {
	t := v.Type()
	if g.recipes[identity{v.UnsafeAddr(), t}] != nil || t == timeType || startsAtZero[t] || t == reflect.TypeOf(Sink{}) {
		g.record(v, depth)
		return
	}
	made := structs[t]
	for tries := 0; tries < 4 && v.NumField() > 0; tries++ {
		i := g.r.Intn(v.NumField())
		if t.Field(i).IsExported() || made != nil && made.Invented {
			g.change(reachable(v.Field(i)), depth+1)
			return
		}
	}
}
