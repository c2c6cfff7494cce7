// refused: skips or leaves rounds
package fixture

import (
	"fmt"
)

func hot(words []string) []int {
	var lengths []int
	for _, word := range words {
		if word == "" {
			continue
		}
		lengths = append(lengths, len(word))
	}
	return lengths
}

func Result() string { return fmt.Sprint(hot([]string{"a", ""})) }
