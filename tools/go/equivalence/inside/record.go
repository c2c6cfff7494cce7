//go:build go1.21

package askprofilercalls

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// What recording may use in one process.
const (
	maxCallBytes   = 256 << 10
	maxTotalBytes  = 8 << 20
	maxKept        = 60 // calls of one function
	everyCallUntil = 12
)

// Counter counts the calls of one function of the target, and tells which of them to keep.
type Counter struct{ calls, next uint32 }

var recording struct {
	once   sync.Once
	folder string
	sync.Mutex
	file   *os.File
	bytes  int
	spent  time.Duration
	budget time.Duration
	kept   map[string]int
	hashes map[uint64]bool
	said   map[string]bool
	seed   maphash.Seed
}

var ended atomic.Bool

// Recording tells whether this process records calls; the environment says so.
func Recording() bool {
	recording.once.Do(func() {
		recording.folder = os.Getenv("ASK_PROFILER_RECORD")
		milliseconds, _ := strconv.Atoi(os.Getenv("ASK_PROFILER_RECORD_MS"))
		recording.budget = time.Duration(milliseconds) * time.Millisecond
		recording.kept, recording.hashes = map[string]int{}, map[uint64]bool{}
		recording.said, recording.seed = map[string]bool{}, maphash.MakeSeed()
	})
	return recording.folder != ""
}

// Due tells whether this call is to be kept: the first ones, then fewer and fewer, so that they spread over the run.
func (c *Counter) Due() bool {
	n := atomic.AddUint32(&c.calls, 1)
	if n <= everyCallUntil {
		return true
	}
	next := atomic.LoadUint32(&c.next)
	return n > next && atomic.CompareAndSwapUint32(&c.next, next, n+n/6) && !ended.Load()
}

// Record keeps a call of the function with this id; what can't be kept is said once.
func Record(path string, id int, args ...any) {
	recording.Lock()
	defer recording.Unlock()
	started := time.Now()
	defer func() {
		recording.spent += time.Since(started)
		if recording.spent > recording.budget || recording.bytes > maxTotalBytes {
			ended.Store(true)
		}
	}()
	say(map[string]any{"reached": path + ":" + strconv.Itoa(id)})
	p := packages[path]
	if p == nil || ended.Load() {
		return // before the package's init
	}
	for _, f := range p.instances(id) {
		if slots := f.slots(args); slots != nil {
			keep(f, slots)
			return
		}
	}
}

// slots gives the arguments as the parameters' own types; nil for the arguments of another instance.
func (f *Function) slots(args []any) []reflect.Value {
	t := f.value.Type()
	slots := []reflect.Value{}
	for i := 0; i < t.NumIn(); i++ {
		slot := reflect.New(t.In(i)).Elem()
		if args[i] != nil {
			if !reflect.TypeOf(args[i]).AssignableTo(t.In(i)) {
				return nil
			}
			slot.Set(reflect.ValueOf(args[i]))
		}
		slots = append(slots, slot)
	}
	return slots
}

func keep(f *Function, slots []reflect.Value) {
	if recording.kept[f.key()] >= maxKept {
		return
	}
	content, err := func() (content []byte, err error) {
		// Another goroutine may be changing what is read here.
		debug.SetPanicOnFault(true)
		defer func() {
			if reason := recover(); reason != nil {
				err = fmt.Errorf("it changed while it was read")
			}
		}()
		return encode(slots, nil, maxCallBytes)
	}()
	if err != nil {
		say(map[string]any{"f": f.key(), "cannot": err.Error()})
		return
	}
	hash := maphash.String(recording.seed, f.key()+string(content))
	if !recording.hashes[hash] {
		recording.hashes[hash] = true
		recording.kept[f.key()]++
		recording.bytes += len(content)
		write(Call{F: f.key(), S: content})
	}
}

// say writes what needs to be written once only.
func say(line map[string]any) {
	if key := fmt.Sprint(line); !recording.said[key] {
		recording.said[key] = true
		write(line)
	}
}

// write appends a line at once: the process may end at any moment.
func write(line any) {
	if recording.file == nil {
		name := fmt.Sprintf("%d-%d.jsonl", os.Getpid(), time.Now().UnixNano())
		file, err := os.OpenFile(filepath.Join(recording.folder, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			ended.Store(true)
			return
		}
		recording.file = file
	}
	if content, err := json.Marshal(line); err == nil {
		_, _ = recording.file.Write(append(content, '\n'))
	}
}

// Call is one call of one function: its name and its arguments.
type Call struct {
	F string `json:"f"`
	S []byte `json:"s"`
}
