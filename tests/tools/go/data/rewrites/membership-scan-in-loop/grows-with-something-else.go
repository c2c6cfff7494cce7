// refused: changes in the loop in another way
package fixture

import (
	"fmt"
	"slices"
)

func hot(words []string) []string {
	var distinct []string
	for _, word := range words {
		if !slices.Contains(distinct, word) {
			distinct = append(distinct, word+"!")
		}
	}
	return distinct
}

func Result() string { return fmt.Sprint(hot([]string{"x", "x", "x!"})) }
