// refused: the number of rounds isn't known
package fixture

import (
	"fmt"
)

func hot(words chan string) []int {
	var lengths []int
	for word := range words {
		lengths = append(lengths, len(word))
	}
	return lengths
}

func Result() string {
	words := make(chan string, 2)
	words <- "ab"
	close(words)
	return fmt.Sprint(hot(words))
}
