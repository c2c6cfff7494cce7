//go:build go1.21

package askprofilercalls

import (
	"math"
	"reflect"
	"strings"
	"time"
)

// constants of the code, worth trying as inputs.
type constants struct {
	ints   []int64
	floats []float64
	texts  []string
}

// add sorts them by kind; a layout of a time also stands for a time in that layout.
func (c *constants) add(literals []any) {
	for _, literal := range literals {
		switch v := literal.(type) {
		case int64:
			c.ints = append(c.ints, v)
		case float64:
			c.floats = append(c.floats, v)
		case string:
			c.texts = append(c.texts, v)
			if strings.Contains(v, "2006") || strings.Contains(v, "15:04") {
				c.texts = append(c.texts, time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC).Format(v))
			}
		}
	}
}

// special is a value at which code goes wrong more often than elsewhere, for one parameter.
type special struct {
	param int
	value reflect.Value
}

// specials gives such values for each parameter of f, of all parameters in turn, at most so many.
func specials(f *Function, own constants, limit int) (found []special) {
	t := f.value.Type()
	var lists [][]reflect.Value
	longest := 0
	for i := 0; i < t.NumIn(); i++ {
		lists = append(lists, specialValues(t.In(i), own))
		longest = max(longest, len(lists[i]))
	}
	for n := 0; n < longest; n++ {
		for param, list := range lists {
			if n < len(list) && len(found) < limit {
				found = append(found, special{param, list[n]})
			}
		}
	}
	return found
}

// specialise sets one parameter to the next special value, and others to any of theirs now and then: some are reached
// together only.
func (g *generator) specialise(s *subject, args []reflect.Value) {
	if g.r.Intn(2) == 0 {
		for n := len(args); n > 0; n-- {
			other := s.specials[g.r.Intn(len(s.specials))]
			args[other.param].Set(other.value)
		}
	}
	args[s.special[0].param].Set(s.special[0].value)
	s.special = s.special[1:]
}

func specialValues(t reflect.Type, own constants) (found []reflect.Value) {
	add := func(set func(v reflect.Value)) {
		v := reflect.New(t).Elem()
		set(v)
		found = append(found, v)
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		for _, n := range own.numbers(math.MinInt64>>(64-t.Bits()), math.MaxInt64>>(64-t.Bits())) {
			if !reflect.New(t).Elem().OverflowInt(n) {
				add(func(v reflect.Value) { v.SetInt(n) })
			}
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		for _, n := range own.numbers(-1, math.MaxInt64) {
			add(func(v reflect.Value) { v.SetUint(uint64(n) & (math.MaxUint64 >> (64 - t.Bits()))) })
		}
	case reflect.Float32, reflect.Float64:
		for _, x := range own.fractions() {
			add(func(v reflect.Value) { v.SetFloat(x) })
		}
	case reflect.String:
		for _, text := range append([]string{"", "é", "\xff", " a\n", "10", "9007199254740993"}, own.texts[:min(len(own.texts), 16)]...) {
			add(func(v reflect.Value) { v.SetString(text) })
		}
	case reflect.Slice:
		add(func(reflect.Value) {})
		add(func(v reflect.Value) { v.Set(reflect.MakeSlice(t, 0, 1)) })
	case reflect.Map:
		add(func(reflect.Value) {})
		add(func(v reflect.Value) { v.Set(reflect.MakeMap(t)) })
	}
	return found
}

// numbers are the constants and their neighbours, the beginning and the ends.
func (c constants) numbers(low, high int64) (found []int64) {
	found = []int64{0, 1, -1, high, low, 2}
	for _, n := range c.ints[:min(len(c.ints), 12)] {
		found = append(found, n, n+1, n-1)
	}
	return found
}

func (c constants) fractions() []float64 {
	found := []float64{0, math.NaN(), math.Inf(1), math.Copysign(0, -1), math.Inf(-1), 1, -1.5, math.MaxFloat64}
	found = append(found, c.floats[:min(len(c.floats), 8)]...)
	for _, n := range c.ints[:min(len(c.ints), 8)] {
		found = append(found, float64(n))
	}
	return found
}
