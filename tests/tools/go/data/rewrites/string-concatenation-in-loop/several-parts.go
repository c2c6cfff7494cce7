// accepted
package fixture

import (
	"strings"
)

func hot(words []string) string {
	text := "words:"
	for i, word := range words {
		if len(text) > 20 {
			text = text + "\n"
		}
		text += word + " " + strings.Repeat("-", i)
	}
	return text + "."
}

func Result() string { return hot([]string{"one", "two", "three", "four"}) + hot(nil) }
