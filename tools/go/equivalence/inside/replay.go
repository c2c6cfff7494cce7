//go:build go1.21

package askprofilercalls

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Job is what one process is to do; its path is in the environment.
type Job struct {
	Mode    string   `json:"mode"` // replay or generate
	Root    string   `json:"root"`
	Scratch string   `json:"scratch"` // the folder of this program and the job
	Theirs  Places   `json:"theirs"`  // the same of the other copy, where calls may come from
	Calls   string   `json:"calls"`   // a file with a Call a line
	Output  string   `json:"output"`  // what the calls print
	Out     string   `json:"out"`     // what comes of the job, a line each
	CallMS  int      `json:"call_ms"`
	TotalMS int      `json:"total_ms"`
	Order   []int    `json:"order"`  // of a replay: numbers of calls
	Repeat  int      `json:"repeat"` // of a replay: how often each
	Shown   bool     `json:"shown"`  // of a replay: show the arguments
	Probe   bool     `json:"probe"`  // of a replay: look for shared memory
	Seed    int64    `json:"seed"`
	Each    int      `json:"each"`    // of generating: how many calls of each function
	Gentle  []string `json:"gentle"`  // of generating: functions that don't bear extreme numbers
	Without []string `json:"without"` // of generating: functions to leave out
}

// Places are folders of a copy.
type Places struct {
	Root    string `json:"root"`
	Scratch string `json:"scratch"`
}

// report writes a job's lines; each is whole or not there.
type report struct {
	sync.Mutex
	file *os.File
}

func (r *report) line(content any) {
	r.Lock()
	defer r.Unlock()
	if text, err := json.Marshal(content); err == nil {
		_, _ = r.file.Write(append(text, '\n'))
	}
}

// jobPath is taken out of the environment, and the program's arguments are cut, before any of the target's code runs:
// it is to see the same as ever, and as the other build.
var jobPath = func() string {
	path := os.Getenv("ASK_PROFILER_JOB")
	if path != "" {
		_ = os.Unsetenv("ASK_PROFILER_JOB")
		os.Args[0] = filepath.Base(os.Args[0])
	}
	return path
}()

// Run does the job that the environment named, if any, and tells whether there was one. It ends the process when a
// call hangs or uses too much memory.
func Run() (bool, error) {
	if jobPath == "" {
		return false, nil
	}
	os.Args = os.Args[:1]
	content, err := os.ReadFile(jobPath)
	if err != nil {
		return true, err
	}
	var job Job
	if err := json.Unmarshal(content, &job); err != nil {
		return true, err
	}
	file, err := os.OpenFile(job.Out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return true, err
	}
	calls, err := readCalls(job.Calls)
	if err != nil {
		return true, err
	}
	if err := printed.take(job.Output); err != nil {
		return true, err
	}
	home = strings.NewReplacer(job.Theirs.Scratch, job.Scratch, job.Theirs.Root, job.Root)
	places = strings.NewReplacer(job.Scratch, "$SCRATCH", job.Root, "$ROOT")
	log.SetFlags(0) // the time isn't what is compared
	out := &report{file: file}
	if job.Mode == "generate" {
		generate(&job, calls, out)
	} else {
		replay(&job, calls, out)
	}
	out.line(map[string]bool{"done": true})
	return true, nil
}

func readCalls(path string) (calls []Call, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var c Call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, err
		}
		calls = append(calls, c)
	}
	return calls, lines.Err()
}

// replay repeats calls and reports their outcomes, and before each that it begins.
func replay(job *Job, calls []Call, out *report) {
	started := time.Now()
	total, limit := time.Duration(job.TotalMS)*time.Millisecond, time.Duration(job.CallMS)*time.Millisecond
	now := -1
	watchMemory(func() {
		out.line(Outcome{N: now, Ending: swelled})
		os.Exit(exitSwelled)
	})
	prober := prober{map[*Function][]held{}, map[*Function]int{}}
	for _, n := range job.Order {
		if time.Since(started) > total {
			return
		}
		f := functions[calls[n].F]
		if f == nil {
			continue
		}
		now = n
		out.line(map[string]int{"begin": n})
		for i := 0; i < max(job.Repeat, 1); i++ {
			a := attempt{f: f, in: calls[n].S, outcome: Outcome{N: n}}
			if !watched(limit, func() { a.runAndProbe(job, &prober) }) {
				out.line(Outcome{N: n, Ending: hung})
				os.Exit(exitHung)
			}
			out.line(a.outcome.compact())
		}
	}
}

func (a *attempt) runAndProbe(job *Job, p *prober) {
	if !job.Probe {
		a.run(job.Shown)
		return
	}
	args := a.run(job.Shown)
	if a.outcome.Ending != returned {
		return
	}
	a.outcome.Overwrote = p.overwritten(a.f)
	p.probe(a, args)
	p.keep(a, a.outcome.N)
}

const (
	maxText   = 24 << 10
	maxFloats = 20000
)

// compact keeps what is large by its beginning and a digest of all.
func (o Outcome) compact() Outcome {
	o.Results, o.Args = o.Results.compact(), o.Args.compact()
	return o
}

func (d Dump) compact() Dump {
	if len(d.Text) > maxText {
		d.Text = fmt.Sprintf("%s ... %x", d.Text[:maxText], sha256.Sum256([]byte(d.Text)))
	}
	if len(d.Floats) > maxFloats {
		rest := sha256.Sum256([]byte(strings.Join(d.Floats[maxFloats:], ",")))
		d.Text += fmt.Sprintf(" ... %x", rest)
		d.Floats = d.Floats[:maxFloats]
	}
	return d
}
