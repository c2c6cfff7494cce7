//go:build go1.21

package askprofilercalls

import (
	"fmt"
	"math/bits"
	"math/rand"
	"os"
	"reflect"
	"slices"
	"sort"
	"time"
	"unsafe"
)

const (
	slowCall  = 60 * time.Millisecond // slower calls aren't worth repeating
	maxParent = 200                   // calls of one function from which others are made
	dryTries  = 1000                  // after so many that reach nothing new, the calls that are wanted are enough
	maxTries  = 40                    // for each call that is wanted, when nothing new is reached
)

// subject is a function for which calls are made up.
type subject struct {
	f        *Function
	parents  [][]byte // calls that were recorded or reached something new
	written  int
	tried    int
	special  []special // yet to be tried
	specials []special // all of them
	own      constants
	panics   map[string]bool // values that calls panicked with
	dry      int             // tries since the last that reached something new
	done     bool
}

// generate makes up calls of each subject: from types, from constants of the code, and by varying calls that were
// recorded or that reached code no other call had reached. Each is run before it is reported, so that calls that
// take too long aren't.
func generate(job *Job, calls []Call, out *report) {
	deadline := time.Now().Add(time.Duration(job.TotalMS) * time.Millisecond)
	g := newGenerator(job, calls)
	subjects := g.subjects(job, calls, out)
	if job.Each == 0 {
		return
	}
	trial := &trial{job: job, out: out}
	var err error
	if trial.file, err = os.Create(job.Out + ".trial"); err != nil {
		return
	}
	watchMemory(func() { trial.died(exitSwelled) })
	reached := coverage{}
	for _, s := range subjects {
		for _, in := range s.parents {
			if time.Until(deadline) < time.Duration(job.TotalMS)*time.Millisecond/2 {
				break
			}
			trial.run(s.f, in)
			reached.more()
		}
	}
	for left := len(subjects); left > 0 && time.Now().Before(deadline); {
		left = 0
		for _, s := range subjects {
			if s.done || time.Now().After(deadline) {
				continue
			}
			left++
			g.one(s, job.Each, trial, reached)
		}
	}
}

// one makes up a call of s, runs it and reports it when it is new.
func (g *generator) one(s *subject, each int, trial *trial, reached coverage) {
	s.tried++
	s.dry++
	s.done = s.tried > maxTries*each || s.written >= 2*each || s.written >= each && s.dry > dryTries
	isSpecial := len(s.special) > 0
	in, err := g.call(s)
	if err != nil || g.known[s.f.key()+string(in)] {
		return
	}
	g.known[s.f.key()+string(in)] = true
	took, ending := trial.run(s.f, in)
	isNew := reached.more() || isSpecial
	if ending == panicked && !s.panics[trial.panic] && len(s.panics) < maxParent {
		s.panics[trial.panic], isNew = true, true
	}
	if took > slowCall || ending == unmade {
		return
	}
	if isNew {
		s.dry = 0
	}
	if isNew && len(s.parents) < maxParent {
		s.parents = append(s.parents, in)
	}
	if isNew || s.written < each {
		s.written++
		trial.out.line(map[string]any{"f": s.f.key(), "s": in, "new": isNew})
	}
}

// subjects are the functions for which arguments can be made; the others are reported with the reason.
func (g *generator) subjects(job *Job, calls []Call, out *report) (found []*subject) {
	for _, p := range packages {
		for _, f := range p.Functions {
			if !f.Subject || slices.Contains(job.Without, f.key()) {
				continue
			}
			if why := g.cannotCall(f); why != "" {
				out.line(map[string]any{"f": f.key(), "cannot": why})
				continue
			}
			out.line(map[string]any{"f": f.key(), "shape": shape(f.value.Type())})
			s := &subject{f: f, panics: map[string]bool{}}
			s.own.add(f.Literals)
			s.special = specials(f, s.own, job.Each/2)
			s.specials = s.special
			for _, c := range calls {
				if c.F == f.key() && len(s.parents) < maxParent/2 && len(c.S) < maxCallBytes/16 {
					s.parents = append(s.parents, c.S)
				}
			}
			found = append(found, s)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].f.key() < found[j].f.key() })
	return found
}

// trial runs a call that was made up. What it runs is kept in case it ends the process.
type trial struct {
	job   *Job
	out   *report
	file  *os.File
	f     *Function
	in    []byte
	panic string // of the last call
}

func (t *trial) run(f *Function, in []byte) (took time.Duration, ending string) {
	t.f, t.in = f, in
	started := time.Now()
	_, _ = t.file.WriteAt(append([]byte(fmt.Sprintf("%s\n%d\n", f.key(), len(in))), in...), 0)
	a := attempt{f: f, in: in}
	limit := time.Duration(t.job.CallMS) * time.Millisecond
	if !watched(limit, func() {
		args, made := a.arguments()
		if made {
			started = time.Now()
			a.called(args)
		}
	}) {
		t.died(exitHung)
	}
	t.panic = a.outcome.Panic
	return time.Since(started), a.outcome.Ending
}

func (t *trial) died(code int) {
	t.out.line(map[string]any{"f": t.f.key(), "s": t.in, "died": code})
	os.Exit(code)
}

// coverage is what was reached: how often, roughly, each block of the changed packages was entered in one call.
type coverage map[*uint32]uint32

// more tells whether the blocks entered since the last time, or how often, are new; and starts anew.
func (c coverage) more() (isNew bool) {
	for _, p := range packages {
		for i := range p.Hits {
			if n := p.Hits[i]; n > 0 {
				p.Hits[i] = 0
				if bit := uint32(1) << min(bits.Len32(n), 8); c[&p.Hits[i]]&bit == 0 {
					c[&p.Hits[i]] |= bit
					isNew = true
				}
			}
		}
	}
	return isNew
}

// generator makes up values.
type generator struct {
	r *rand.Rand
	constants
	own     constants                        // of the function for which a call is made up
	pool    map[reflect.Type][]reflect.Value // values seen in recorded calls
	seeds   map[string][][]byte              // recorded arguments of constructors and methods
	recent  []reflect.Value                  // values made for this call, so that arguments have something in common
	recipes map[identity]*recipe
	known   map[string]bool
	gentle  map[string]bool
	mild    bool                             // no extreme numbers in this call
	few     map[reflect.Type][]reflect.Value // when set, the only plain values of this call, so that many are equal
	param   string                           // the name of what is being made
	nils    bool                             // nil pointers in this call
	left    int                              // how many values this call may still have
	making  map[reflect.Type]bool
	ways    map[reflect.Type][]way // to make values of interfaces
}

func newGenerator(job *Job, calls []Call) *generator {
	g := &generator{
		r: rand.New(rand.NewSource(job.Seed)), pool: map[reflect.Type][]reflect.Value{},
		seeds: map[string][][]byte{}, known: map[string]bool{}, gentle: map[string]bool{},
		making: map[reflect.Type]bool{}, ways: map[reflect.Type][]way{}, recipes: map[identity]*recipe{},
	}
	for _, name := range job.Gentle {
		g.gentle[name] = true
	}
	g.literals()
	for _, c := range calls {
		f := functions[c.F]
		if f == nil {
			continue
		}
		g.known[c.F+string(c.S)] = true
		if len(g.seeds[c.F]) < maxParent {
			g.seeds[c.F] = append(g.seeds[c.F], c.S)
		}
		args, err := describe(f, c.S, g.recipes, func(reflect.Value) {})
		if err == nil {
			for _, arg := range args {
				g.gather(arg, 0)
			}
		}
	}
	return g
}

// literals are the constants of the changed code.
func (g *generator) literals() {
	for _, p := range packages {
		g.add(p.Literals)
	}
}

const maxPool = 80

// gather keeps values of a recorded call for use elsewhere.
func (g *generator) gather(v reflect.Value, depth int) {
	t := v.Type()
	if depth > 12 || len(g.pool[t]) >= maxPool {
		return
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() && (v.Kind() == reflect.Interface || ours(t.Elem()) || t.Elem().PkgPath() == "") {
			g.gather(reachable(v.Elem()), depth+1)
		}
	case reflect.Slice, reflect.Array:
		for i := 0; i < v.Len() && i < maxPool; i++ {
			g.gather(reachable(v.Index(i)), depth+1)
		}
		if t.Elem().Kind() == reflect.Uint8 {
			g.save(v)
		}
	case reflect.Map:
		for i, key := range v.MapKeys() {
			if i == maxPool {
				break
			}
			g.gather(reachable(key), depth+1)
			g.gather(reachable(v.MapIndex(key)), depth+1)
		}
	case reflect.Struct:
		if made := structs[t]; made == nil || !made.Opaque {
			g.save(v)
		}
		if ours(t) {
			for i := 0; i < v.NumField(); i++ {
				g.gather(reachable(v.Field(i)), depth+1)
			}
		}
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
	default:
		g.save(v)
	}
}

func (g *generator) save(v reflect.Value) {
	if forgotten[v.Type()] {
		return
	}
	kept := reflect.New(v.Type()).Elem()
	kept.Set(v)
	g.pool[v.Type()] = append(g.pool[v.Type()], kept)
}

// call makes up the arguments of a call, as bytes.
func (g *generator) call(s *subject) ([]byte, error) {
	inventions = map[unsafe.Pointer]*function{} // of earlier calls
	g.recipes, g.recent, g.left = map[identity]*recipe{}, nil, 4000
	if g.few = nil; g.r.Intn(3) == 0 {
		g.few = map[reflect.Type][]reflect.Value{}
	}
	g.mild = g.gentle[s.f.key()] || g.r.Intn(3) > 0
	g.nils = s.f.NilTests && g.r.Intn(4) == 0
	g.own = s.own
	args, err := g.arguments(s)
	if err != nil {
		return nil, err
	}
	if len(s.special) > 0 {
		g.specialise(s, args)
	}
	return encode(args, g.recipes, maxCallBytes/4)
}

func (g *generator) arguments(s *subject) (args []reflect.Value, err error) {
	defer gaveUp(&err)
	if len(s.parents) > 0 && g.r.Intn(100) < 60 {
		in := s.parents[g.r.Intn(len(s.parents))]
		args, err = describe(s.f, in, g.recipes, func(v reflect.Value) { g.recipe(v) })
		if err != nil {
			return nil, err
		}
		for n := 1 + g.r.Intn(3); n > 0 && len(args) > 0; n-- {
			i := g.r.Intn(len(args))
			g.param = s.f.param(i)
			g.change(args[i], 0)
		}
		return args, nil
	}
	return g.parameters(s.f, 0), nil
}

// parameters makes arguments for f's parameters from the given one on.
func (g *generator) parameters(f *Function, from int) (args []reflect.Value) {
	t := f.value.Type()
	for i := from; i < t.NumIn(); i++ {
		slot := reflect.New(t.In(i)).Elem()
		g.param = f.param(i)
		g.value(slot, 0)
		args = append(args, slot)
	}
	return args
}
