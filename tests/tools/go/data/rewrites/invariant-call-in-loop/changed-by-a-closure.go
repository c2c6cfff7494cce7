// refused: an argument changes in the loop
package fixture

import (
	"strings"
)

func hot(words []string, prefix string) (text string) {
	next := func() { prefix += "x" }
	for range words {
		next()
		text += strings.ToUpper(prefix)
	}
	return text
}

func Result() string { return hot([]string{"a", "b"}, "p") }
