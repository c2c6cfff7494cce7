// Command guard reads a change of a Go module and says which tricks it adds: things that look like speed and are none.
//
// It reads a request as JSON on standard input and writes a reply as JSON. It runs nothing of the target and touches
// no file. Names are resolved as far as the module itself says them: of what it imports only the paths are known, so
// that code is understood that doesn't compile, too.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
)

type request struct {
	Before string   `json:"before"` // the roots of both copies
	After  string   `json:"after"`
	Files  []string `json:"files"` // changed Go files that are no tests, relative to both roots
	Tests  []string `json:"tests"` // the old copy's test files
	Data   []string `json:"data"`  // the old copy's test data
}

type reply struct {
	Objections []objection `json:"objections"`
}

type objection struct {
	Rule   string `json:"rule"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Detail string `json:"detail"`
}

func main() {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, "guard: bad request:", err)
		os.Exit(2)
	}
	_ = json.NewEncoder(os.Stdout).Encode(reply{Objections: read(asked)})
}

// read applies every rule; the objections come in the order of files and lines.
func read(asked request) []objection {
	before, after := load(asked.Before, asked.Files), load(asked.After, asked.Files)
	known := readKnown(asked, before)
	types := before.typeNames()
	var found []objection
	for _, collect := range []func(*side) []fact{
		mentions, directives, checks, memories, starting,
		func(s *side) []fact { return fields(s, types) },
		func(s *side) []fact { return matches(s, known) },
	} {
		found = append(found, added(collect(before), collect(after))...)
	}
	found = append(found, ignoredErrors(before, after)...)
	found = append(found, buildLines(before, after)...)
	found = append(found, goroutines(before, after)...)
	found = append(found, deferredWork(before, after)...)
	found = append(found, lostChecks(before, after)...)
	found = append(found, lostWords(before, after)...)
	found = append(found, unusedWriters(before, after)...)
	sort.SliceStable(found, func(i, j int) bool {
		if found[i].File != found[j].File {
			return found[i].File < found[j].File
		}
		return found[i].Line < found[j].Line
	})
	return append([]objection{}, found...)
}

// fact is something that one version of the code does. Facts of the same key are alike, wherever they stand.
type fact struct {
	rule   string
	key    string
	file   string
	line   int
	inside string // the function, "" at package level
	detail string
}

// added gives the facts that the new version has more of; of facts that are alike, those in functions that had fewer.
func added(before, after []fact) (found []objection) {
	old, oldInside := map[string]int{}, map[string]int{}
	for _, f := range before {
		old[f.rule+f.key]++
		oldInside[f.rule+f.key+"\x00"+f.inside]++
	}
	count := map[string]int{}
	for _, f := range after {
		count[f.rule+f.key]++
	}
	for pass := 0; pass < 2; pass++ {
		for i := range after {
			f := &after[i]
			id := f.rule + f.key
			if f.line == 0 || count[id] <= old[id] {
				continue
			}
			if pass == 0 && oldInside[id+"\x00"+f.inside] > 0 {
				oldInside[id+"\x00"+f.inside]--
				continue
			}
			count[id]--
			found = append(found, objection{Rule: f.rule, File: f.file, Line: f.line, Detail: f.detail})
			f.line = 0
		}
	}
	return found
}
