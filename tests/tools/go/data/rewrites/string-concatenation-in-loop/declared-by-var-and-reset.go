// accepted
package fixture

import (
	"fmt"
)

func hot(words []string) []string {
	var line string
	var lines []string
	for _, word := range words {
		line += word
		if len(line) > 4 {
			lines = append(lines, line)
			line = ""
		}
	}
	return append(lines, line)
}

func Result() string { return fmt.Sprintf("%q", hot([]string{"one", "two", "three", "x"})) }
