// refused: may change its elements
package fixture

import (
	"fmt"
	"slices"
)

func hot(words []string) (count int) {
	seen := []string{"a", "b"}
	for i, word := range words {
		if slices.Contains(seen, word) {
			count++
		}
		seen[i%2] = word
	}
	return count
}

func Result() string { return fmt.Sprint(hot([]string{"x", "x", "a", "b"})) }
