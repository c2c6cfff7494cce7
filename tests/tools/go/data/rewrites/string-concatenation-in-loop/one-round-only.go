// refused: one round of the loop only
package fixture

import (
	"fmt"
)

func hot(words []string) []string {
	var found []string
	for _, word := range words {
		line := word
		line += "!"
		found = append(found, line)
	}
	return found
}

func Result() string { return fmt.Sprint(hot([]string{"a", "b"})) }
