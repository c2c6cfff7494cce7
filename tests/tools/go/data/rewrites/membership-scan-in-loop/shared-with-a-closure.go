// refused: used by a closure
package fixture

import (
	"fmt"
	"slices"
)

func hot(words []string) []string {
	var distinct []string
	forget := func() { distinct = nil }
	for _, word := range words {
		if word == "" {
			forget()
		}
		if !slices.Contains(distinct, word) {
			distinct = append(distinct, word)
		}
	}
	return distinct
}

func Result() string { return fmt.Sprint(hot([]string{"x", "", "x"})) }
