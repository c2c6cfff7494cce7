// refused: an argument changes in the loop
package fixture

import (
	"strings"
)

func hot(words []string) (text string) {
	var prefix string
	pointer := &prefix
	for _, word := range words {
		*pointer += word
		text += strings.ToUpper(prefix)
	}
	return text
}

func Result() string { return hot([]string{"a", "b"}) }
