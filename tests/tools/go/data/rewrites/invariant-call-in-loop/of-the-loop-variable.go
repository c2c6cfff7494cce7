// refused: an argument changes in the loop
package fixture

import (
	"strings"
)

func hot(words []string) (text string) {
	for _, word := range words {
		text += strings.ToUpper(word)
	}
	return text
}

func Result() string { return hot([]string{"a", "b"}) }
