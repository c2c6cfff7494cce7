// refused: isn't a linear membership test
package fixture

import (
	"fmt"
)

func hot(words []string) (count int) {
	prefixes := []string{"a", "b"}
	for _, word := range words {
		if contains(prefixes, word) {
			count++
		}
	}
	return count
}

func contains(list []string, wanted string) bool {
	for _, entry := range list {
		if entry == wanted[:1] {
			return true
		}
	}
	return false
}

func Result() string { return fmt.Sprint(hot([]string{"ax", "b", "cx"})) }
