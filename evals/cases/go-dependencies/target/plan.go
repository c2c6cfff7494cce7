package dependencies

import (
	"io"
	"strconv"
	"strings"
)

// Plan reads a graph and writes the commands that build again what the changes affect.
func Plan(graph io.Reader, changed []string) (string, error) {
	g, err := Read(graph)
	if err != nil {
		return "", err
	}
	affected := g.Affected(changed)
	var plan strings.Builder
	for step, name := range affected {
		plan.WriteString(strconv.Itoa(step+1) + "/" + strconv.Itoa(len(affected)) + " build " + name + "\n")
	}
	return plan.String(), nil
}
