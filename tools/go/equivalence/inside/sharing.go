//go:build go1.21

package askprofilercalls

import (
	"reflect"
	"slices"
)

const (
	maxScribbles = 500
	maxBehind    = 4        // elements
	maxShared    = 64 << 10 // larger results aren't looked at for sharing
	probedCalls  = 24       // of each function; more would show the same
)

// held are results of earlier calls, which nobody may change any more.
type held struct {
	n       int
	results []reflect.Value
	shown   Dump
}

// prober looks for memory that results share with arguments or with the function's own state.
type prober struct {
	earlier map[*Function][]held
	probes  map[*Function]int
}

// overwritten gives the earlier calls of f whose results aren't what they were.
func (p *prober) overwritten(f *Function) (found []int) {
	for _, h := range p.earlier[f] {
		if shown, err := dump(h.results); err == nil && !same(shown, h.shown) {
			found = append(found, h.n)
		}
	}
	return found
}

// keep holds the results of a call for later looks; of each function the last two.
func (p *prober) keep(a *attempt, n int) {
	if len(a.outcome.Results.Text) > maxShared || a.outcome.Why != "" {
		return
	}
	kept := append(p.earlier[a.f], held{n, a.results, a.outcome.Results})
	p.earlier[a.f] = kept[max(0, len(kept)-2):]
}

// probe changes what a caller may change, and looks what happens; all is as before afterwards.
func (p *prober) probe(a *attempt, args []reflect.Value) {
	if p.probes[a.f]++; p.probes[a.f] > probedCalls || len(a.outcome.Results.Text) > maxShared ||
		a.outcome.Why != "" {
		return
	}
	known := knownIdentities()
	in := scribbler{known: known}
	for _, arg := range args {
		in.value(arg, true)
	}
	shown, err := dump(a.results)
	a.outcome.SharesIn = err == nil && !same(shown, a.outcome.Results)
	in.undo()

	behind := scribbler{known: known, behind: true}
	for _, result := range a.results {
		behind.value(reachable(result), true)
	}
	a.outcome.Overlaps = a.changed(args)
	behind.undo()

	out := scribbler{known: known}
	for _, result := range a.results {
		slot := reflect.New(result.Type()).Elem()
		slot.Set(result)
		out.value(slot, true)
	}
	if len(out.undos) == 0 {
		return
	}
	if shown, err := dump(a.lasting(args)); err == nil && !same(shown, a.outcome.Args) {
		a.outcome.SharesIn = true
	}
	again := attempt{f: a.f, in: a.in}
	again.run(false)
	out.undo()
	a.outcome.SharesOut = again.outcome.Ending != returned ||
		again.outcome.Why == "" && !same(again.outcome.Results, a.outcome.Results)
}

// changed tells whether results or arguments aren't what they were any more.
func (a *attempt) changed(args []reflect.Value) bool {
	results, err := dump(a.results)
	if err != nil || !same(results, a.outcome.Results) {
		return err == nil
	}
	left, err := dump(a.lasting(args))
	return err == nil && !same(left, a.outcome.Args)
}

func same(a, b Dump) bool { return a.Text == b.Text && slices.Equal(a.Floats, b.Floats) }

// scribbler writes into whatever a caller could write into; or only into what appending to slices would write into.
type scribbler struct {
	known  identities
	behind bool
	undos  []func()
	depth  int
}

func (s *scribbler) undo() {
	for i := len(s.undos) - 1; i >= 0; i-- {
		s.undos[i]()
	}
}

// value goes to memory behind v; v itself is a copy that nobody else sees when it is private.
func (s *scribbler) value(v reflect.Value, private bool) {
	if s.depth++; s.depth > 20 || len(s.undos) > maxScribbles {
		s.depth--
		return
	}
	defer func() { s.depth-- }()
	t := v.Type()
	if forgotten[t] || t == timeType || t.Implements(errorType) || s.known.name(v) != "" {
		return
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		if s.behind && v.Kind() == reflect.Slice {
			all := v.Slice3(0, v.Cap(), v.Cap())
			for i := v.Len(); i < all.Len() && i < v.Len()+maxBehind; i++ {
				s.leaf(reachable(all.Index(i)))
			}
		}
		for i := 0; i < v.Len(); i++ {
			s.value(reachable(v.Index(i)), private && v.Kind() == reflect.Array)
		}
	case reflect.Map:
		if !s.behind {
			s.mapping(v)
		}
	case reflect.Pointer:
		if !v.IsNil() && (ours(t.Elem()) || t.Elem().PkgPath() == "") {
			s.value(reachable(v.Elem()), false)
		}
	case reflect.Struct:
		made := structs[t]
		for i := 0; i < v.NumField(); i++ {
			if t.Field(i).IsExported() || made != nil && made.Invented {
				s.value(reachable(v.Field(i)), private)
			}
		}
	default:
		if !private && !s.behind {
			s.leaf(v)
		}
	}
}

func (s *scribbler) mapping(v reflect.Value) {
	for _, key := range v.MapKeys() {
		old := v.MapIndex(key)
		if !old.IsValid() || len(s.undos) > maxScribbles {
			continue
		}
		v.SetMapIndex(key, reflect.Value{})
		s.undos = append(s.undos, func() { v.SetMapIndex(key, old) })
	}
}

func (s *scribbler) leaf(v reflect.Value) {
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(v.Int() ^ 1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(v.Uint() ^ 1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(v.Float() + 1)
	case reflect.String:
		v.SetString(v.String() + "~")
	default:
		return
	}
	s.undos = append(s.undos, func() { v.Set(old) })
}
