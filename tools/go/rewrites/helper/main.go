// Command rewriter rewrites one place of a Go file, knowing the types of everything in it.
//
// It reads a request as JSON on standard input and writes a reply as JSON: the whole new file, or why the
// place can't be rewritten safely. It runs nothing of the target and touches no file.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

type request struct {
	Package string            `json:"package"` // import path
	Version string            `json:"version"` // what the module is written for, such as go1.21; "" when not known
	Files   []string          `json:"files"`   // the package's Go files
	Exports map[string]string `json:"exports"` // export data by import path
	File    string            `json:"file"`    // the file to rewrite
	Start   int               `json:"start"`   // byte offsets of the place
	End     int               `json:"end"`
	Rewrite string            `json:"rewrite"`
}

type reply struct {
	Content   string   `json:"content,omitempty"`
	Functions []string `json:"functions,omitempty"`
	Unsafe    string   `json:"unsafe,omitempty"`
}

// unsafe is the panic value of a rewrite that gives up; its text is for the report.
type unsafe string

func refuse(format string, args ...any) { panic(unsafe(fmt.Sprintf(format, args...))) }

var rewrites = map[string]func(*place){
	"hoist_compile":     hoistCompile,
	"hoist_invariant":   hoistInvariant,
	"index_search":      indexSearch,
	"set_membership":    setMembership,
	"string_builder":    stringBuilder,
	"direct_conversion": directConversion,
	"presize_slice":     presizeSlice,
	"presize_map":       presizeMap,
}

func main() {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, "rewriter: bad request:", err)
		os.Exit(2)
	}
	answer, err := run(asked)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rewriter:", err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(answer)
}

func run(asked request) (answer reply, err error) {
	rewrite, ok := rewrites[asked.Rewrite]
	if !ok {
		return reply{}, fmt.Errorf("no rewrite %q", asked.Rewrite)
	}
	p, err := load(asked)
	if err != nil {
		return reply{}, err
	}
	defer func() {
		if reason := recover(); reason != nil {
			text, ok := reason.(unsafe)
			if !ok {
				panic(reason)
			}
			answer = reply{Unsafe: string(text)}
		}
	}()
	rewrite(p)
	content, err := p.finish()
	if err != nil {
		return reply{}, err
	}
	return reply{Content: content, Functions: p.functions()}, nil
}
