// accepted
package fixture

import (
	"fmt"
)

func hot(words []string) []string {
	var distinct []string
	for _, word := range words {
		if !contains(distinct, word) {
			distinct = append(distinct, word)
		}
	}
	return distinct
}

func contains(list []string, wanted string) bool {
	for _, entry := range list {
		if entry == wanted {
			return true
		}
	}
	return false
}

func Result() string { return fmt.Sprintf("%#v", [][]string{hot([]string{"b", "a", "b", "", ""}), hot(nil)}) }
