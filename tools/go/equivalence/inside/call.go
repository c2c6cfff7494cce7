//go:build go1.21

package askprofilercalls

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"time"
)

// How a call ended.
const (
	returned = "returned"
	panicked = "panicked"
	exited   = "ended its goroutine"
	unmade   = "its arguments can't be made"
	hung     = "did not end"
	swelled  = "used too much memory"
)

const (
	exitHung    = 7
	exitSwelled = 8
	maxHeap     = 1 << 30
	maxOutput   = 64 << 10
	maxStack    = 128 << 20
)

// Outcome is all that can be seen of a call.
type Outcome struct {
	N         int    `json:"n"`
	Ending    string `json:"ending"`
	Why       string `json:"why,omitempty"` // it can't be compared
	Results   Dump   `json:"results"`
	Args      Dump   `json:"args"`
	Panic     string `json:"panic,omitempty"`
	Output    string `json:"output,omitempty"`
	Guess     bool   `json:"guess,omitempty"`      // arguments have fields that may mean something else in new code
	Failed    bool   `json:"failed,omitempty"`     // an error was returned
	SharesIn  bool   `json:"shares_in,omitempty"`  // a result is also part of an argument
	SharesOut bool   `json:"shares_out,omitempty"` // changing a result changes what the next call gives
	Overlaps  bool   `json:"overlaps,omitempty"`   // appending to a result would change another one, or an argument
	Spilled   bool   `json:"spilled,omitempty"`    // something was written behind the end of a slice that was given
	Left      int    `json:"left,omitempty"`       // so many goroutines were still there after it; -1: not known
	Overwrote []int  `json:"overwrote,omitempty"`  // the results of these calls changed by this one
	Call      string `json:"call,omitempty"`
	Micros    int64  `json:"us"`
}

// attempt is what happens in a call's own goroutine.
type attempt struct {
	f       *Function
	in      []byte
	outcome Outcome
	results []reflect.Value
}

// run makes the call and gives its arguments as they are afterwards; nil when they could not be made.
func (a *attempt) run(describeIt bool) (args []reflect.Value) {
	args, made := a.arguments()
	if !made {
		return nil
	}
	if describeIt {
		a.outcome.Call = shownArguments(a.f, a.in)
	}
	printed.skip()
	before := runtime.NumGoroutine()
	started := time.Now()
	results := a.called(args)
	a.outcome.Micros = time.Since(started).Microseconds()
	a.outcome.Output = printed.read()
	if a.outcome.Ending == returned {
		a.results = results
		a.outcome.Spilled = spilled(args)
		a.look(args)
		a.outcome.Left = leftBehind(before)
	}
	return args
}

// arguments makes them, which may call the module's code.
func (a *attempt) arguments() (args []reflect.Value, made bool) {
	defer func() {
		if reason := recover(); reason != nil {
			a.outcome.Ending, a.outcome.Why = unmade, fmt.Sprintf("making its arguments panics: %.100v", reason)
		}
	}()
	args, guess, err := decode(a.f, a.in)
	a.outcome.Guess = guess
	if err != nil {
		a.outcome.Ending, a.outcome.Why = unmade, err.Error()
	}
	return args, err == nil
}

func (a *attempt) called(args []reflect.Value) (results []reflect.Value) {
	a.outcome.Ending = exited
	defer func() {
		if reason := recover(); reason != nil {
			a.outcome.Ending, a.outcome.Panic = panicked, panicText(reason)
		}
	}()
	results = a.f.call(args)
	a.outcome.Ending = returned
	return results
}

// look dumps what the call gave and what it left in its arguments.
func (a *attempt) look(args []reflect.Value) {
	for _, result := range a.results {
		if result.Type() == errorType && !result.IsNil() {
			a.outcome.Failed = true
		}
	}
	var err error
	if a.outcome.Results, err = dump(a.results); err != nil {
		a.outcome.Why = err.Error()
	}
	if a.outcome.Args, err = dump(a.lasting(args)); err != nil {
		a.outcome.Why = err.Error()
	}
}

// lasting gives the arguments in which a call can leave something to be compared. How far a reader was read when
// the call failed, and what a writer got before it failed, are left to the function.
func (a *attempt) lasting(args []reflect.Value) (found []reflect.Value) {
	for _, arg := range args {
		switch arg.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Struct, reflect.Array:
		case reflect.Func:
			if arg.Type().NumOut() > 0 {
				continue // how often it is called is left to the function
			}
		case reflect.Interface:
			if arg.IsNil() || a.outcome.Failed && isStream(arg.Elem()) {
				continue
			}
		default:
			continue
		}
		found = append(found, arg)
	}
	return found
}

// waited is how long all calls together have been waited for.
var waited time.Duration

const (
	maxWait    = 20 * time.Millisecond
	maxWaiting = 400 * time.Millisecond
)

// leftBehind gives the number of goroutines that a call started and that don't end by themselves.
func leftBehind(before int) int {
	started := time.Now()
	for runtime.NumGoroutine() > before && time.Since(started) < maxWait && waited < maxWaiting {
		time.Sleep(maxWait / 40)
	}
	waited += time.Since(started)
	if waited >= maxWaiting {
		return -1 // they can't be told from some that are about to end
	}
	return max(runtime.NumGoroutine()-before, 0)
}

func isStream(v reflect.Value) bool {
	_, reads := v.Interface().(interface{ Read([]byte) (int, error) })
	_, writes := v.Interface().(interface{ Write([]byte) (int, error) })
	return reads || writes
}

func panicText(reason any) string {
	if failure, is := reason.(runtime.Error); is {
		text := failure.Error()
		if _, is := reason.(*runtime.TypeAssertionError); is {
			return "runtime error: wrong type in an interface"
		}
		if strings.Contains(text, "out of range") {
			return "runtime error: out of range"
		}
		return text
	}
	shown, err := dump([]reflect.Value{reflect.ValueOf(&reason).Elem()})
	if err != nil {
		return fmt.Sprintf("%T", reason)
	}
	return shown.Text + strings.Join(shown.Floats, ",")
}

// shownArguments shows what is in the bytes: of values that functions make, the calls that make them.
func shownArguments(f *Function, in []byte) string {
	recipes := map[identity]*recipe{}
	args, err := describe(f, in, recipes, nil)
	if err != nil {
		return ""
	}
	var shown []string
	for i, arg := range args {
		d := &dumper{known: knownIdentities(), recipes: recipes, blind: new(string)}
		text := "..."
		if d.all([]reflect.Value{arg}) == nil {
			text = Dump{Text: d.text.String(), Floats: d.floats}.readable()
		}
		if r := []rune(text); len(r) > 160 {
			text = string(r[:160]) + "..."
		}
		if i < len(f.Params) && f.Params[i] != "" && f.Params[i] != "_" {
			text = f.Params[i] + "=" + text
		}
		shown = append(shown, text)
	}
	return strings.Join(shown, ", ")
}

// readable is the text with its floats.
func (d Dump) readable() string {
	parts := strings.Split(d.Text, string(place))
	for i, f := range d.Floats {
		if i+1 < len(parts) {
			parts[i+1] = f[1:] + parts[i+1]
		}
	}
	return strings.Join(parts, "")
}

// watched runs work in a goroutine of its own and tells whether it ended in time.
func watched(limit time.Duration, work func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		debug.SetPanicOnFault(true)
		work()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// watchMemory calls over once the heap is larger than a call may make it.
func watchMemory(over func()) {
	var current atomic.Uint64
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	debug.SetMaxStack(maxStack)
	go func() {
		for range time.Tick(10 * time.Millisecond) {
			metrics.Read(sample)
			current.Store(sample[0].Value.Uint64())
			if current.Load() > maxHeap {
				over()
			}
		}
	}()
}

// output is a file that takes what calls print.
type output struct {
	file *os.File
	at   int64
}

var printed output

// take sends standard output and standard error into a file, also what is written past os.Stdout.
func (o *output) take(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	o.file = file
	for _, descriptor := range []int{1, 2} {
		if err := duplicate(int(file.Fd()), descriptor); err != nil {
			return err
		}
	}
	return nil
}

func (o *output) skip() {
	if facts, err := o.file.Stat(); err == nil {
		o.at = facts.Size()
	}
}

func (o *output) read() string {
	from := o.at
	if o.skip(); o.at == from {
		return ""
	}
	content := make([]byte, min(o.at-from, maxOutput))
	n, _ := o.file.ReadAt(content, from)
	return places.Replace(string(content[:n]))
}
