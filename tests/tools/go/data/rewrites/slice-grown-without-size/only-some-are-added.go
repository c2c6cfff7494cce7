// refused: exactly one element a round
package fixture

import (
	"fmt"
)

func hot(words []string) []int {
	var lengths []int
	for _, word := range words {
		if word != "" {
			lengths = append(lengths, len(word))
		}
	}
	return lengths
}

func Result() string { return fmt.Sprint(hot([]string{"a", ""})) }
