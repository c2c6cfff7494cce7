//go:build go1.21

package askprofilercalls

import (
	"reflect"
	"time"
)

const (
	maxItems = 300
	patience = 100 * time.Millisecond // for what a channel gives
)

// unfold shows functions and channels: by what was made up, by what they give when they are run through, or only by
// their kind.
func (d *dumper) unfold(v reflect.Value) {
	t := v.Type()
	if v.Kind() == reflect.Func {
		if f := inventions[closure(v)]; f != nil {
			d.put("function %d", f.seed>>2%1000)
			for _, call := range f.calls {
				d.put(" called with (%s)", call)
			}
			return
		}
		if isSequence(t) {
			d.sequence(v)
			return
		}
	}
	if v.Kind() == reflect.Chan && t.ChanDir()&reflect.RecvDir != 0 {
		d.channel(v)
		return
	}
	d.put("%s", kindName(v.Kind()))
	*d.blind = "a " + kindName(v.Kind())
}

// isSequence tells whether a function can be ranged over.
func isSequence(t reflect.Type) bool {
	if t.NumIn() != 1 || t.NumOut() != 0 || t.IsVariadic() || t.In(0).Kind() != reflect.Func {
		return false
	}
	yield := t.In(0)
	return yield.NumIn() <= 2 && yield.NumOut() == 1 && yield.Out(0).Kind() == reflect.Bool
}

// sequence shows all that a range over v gives.
func (d *dumper) sequence(v reflect.Value) {
	d.put("sequence{")
	items := 0
	yield := reflect.MakeFunc(v.Type().In(0), func(args []reflect.Value) []reflect.Value {
		if items++; items > maxItems {
			d.put("...")
			return []reflect.Value{reflect.ValueOf(false)}
		}
		d.list(args)
		d.put("; ")
		return []reflect.Value{reflect.ValueOf(true)}
	})
	func() {
		defer func() {
			if reason := recover(); reason != nil {
				if _, is := reason.(cannot); is {
					panic(reason)
				}
				d.put("panic %s", panicText(reason))
			}
		}()
		v.Call([]reflect.Value{yield})
	}()
	d.put("}")
}

// channel shows what comes out of v until it is closed or nothing more comes.
func (d *dumper) channel(v reflect.Value) {
	d.put("channel{")
	for items := 0; items < maxItems; items++ {
		timer := time.NewTimer(patience)
		chosen, item, open := reflect.Select([]reflect.SelectCase{
			{Dir: reflect.SelectRecv, Chan: v}, {Dir: reflect.SelectRecv, Chan: reflect.ValueOf(timer.C)},
		})
		timer.Stop()
		if chosen == 1 {
			d.put("open}")
			return
		}
		if !open {
			d.put("closed}")
			return
		}
		d.value(reachable(item))
		d.put("; ")
	}
	d.put("...}")
}

// spilled tells whether something was written behind the end of a slice that was given, where only its maker may.
func spilled(args []reflect.Value) bool {
	for _, arg := range args {
		if arg.Kind() != reflect.Slice {
			continue
		}
		all := arg.Slice3(0, arg.Cap(), arg.Cap())
		for i := arg.Len(); i < all.Len(); i++ {
			if !all.Index(i).IsZero() {
				return true
			}
		}
	}
	return false
}
