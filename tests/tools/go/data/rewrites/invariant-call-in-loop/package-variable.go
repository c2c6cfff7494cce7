// refused: an argument changes in the loop
package fixture

import (
	"strings"
)

var prefix = "p"

func hot(words []string) (text string) {
	for range words {
		change()
		text += strings.ToUpper(prefix)
	}
	return text
}

func change() { prefix += "x" }

func Result() string { return hot([]string{"a", "b"}) }
