// refused: exactly one element a round
package fixture

import (
	"fmt"
)

func hot(words []string) map[string]int {
	places := make(map[string]int)
	for i, word := range words {
		if word != "" {
			places[word] = i
		}
	}
	return places
}

func Result() string { return fmt.Sprint(hot([]string{"a", ""})) }
