// Command analyser finds out which functions of a package two versions of its source have in common but not alike,
// and writes the source with which both versions can be called on the same arguments.
//
// It reads a request as JSON on standard input and writes a reply as JSON. It runs nothing of the target and touches
// no file. Types are checked as far as the package itself says them: nothing that it imports is read.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

type request struct {
	Runtime  string          `json:"runtime"` // import path of what records and replays
	Module   string          `json:"module"`
	Plain    bool            `json:"plain"` // without instances of generic functions
	Packages []packageSource `json:"packages"`
}

type packageSource struct {
	Path   string  `json:"path"`
	Before sources `json:"before"`
	After  sources `json:"after"`
}

type sources struct {
	Folder string   `json:"folder"`
	Files  []string `json:"files"`
	Tests  []string `json:"tests"`
}

type reply struct {
	Packages []packageReply `json:"packages"`
}

type packageReply struct {
	Path     string            `json:"path"`
	Subjects map[string]string `json:"subjects"` // what is compared: registered name to the name in reports
	Cannot   []cannot          `json:"cannot"`
	Marks    []int             `json:"marks"` // ids of functions that tell that changed code was called
	Open     bool              `json:"open"`  // changed code may be used without calling any of these
	Before   map[string]string `json:"before"`
	After    map[string]string `json:"after"`
}

type cannot struct {
	Function string `json:"function"`
	Why      string `json:"why"`
}

func main() {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, "analyser: bad request:", err)
		os.Exit(2)
	}
	answer := reply{Packages: []packageReply{}}
	for _, source := range asked.Packages {
		found, err := compare(asked, source)
		if err != nil {
			fmt.Fprintln(os.Stderr, "analyser:", err)
			os.Exit(1)
		}
		answer.Packages = append(answer.Packages, found)
	}
	_ = json.NewEncoder(os.Stdout).Encode(answer)
}
