// accepted
package fixture

import (
	"fmt"
)

func hot(words []string) []int {
	var lengths []int
	for _, word := range words {
		lengths = append(lengths, len(word))
	}
	return lengths
}

func Result() string { return fmt.Sprintf("%#v %#v", hot([]string{"a", "bc"}), hot(nil)) }
