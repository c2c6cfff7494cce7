// Package dependencies tells what a change of a package makes necessary to build again.
package dependencies

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Graph holds for each package those that import it, in the order in which they were read.
type Graph struct {
	importers map[string][]string
}

// Read reads `package: import import ...` lines; lines that start with # are comments.
func Read(in io.Reader) (*Graph, error) {
	graph := &Graph{importers: map[string][]string{}}
	scanner := bufio.NewScanner(in)
	for number := 1; scanner.Scan(); number++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, imports, found := strings.Cut(line, ":")
		if !found {
			return nil, fmt.Errorf("line %d has no colon: %q", number, line)
		}
		for _, imported := range strings.Fields(imports) {
			graph.importers[imported] = append(graph.importers[imported], name)
		}
	}
	return graph, scanner.Err()
}
