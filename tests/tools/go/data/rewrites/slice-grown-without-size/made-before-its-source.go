// accepted
package fixture

import (
	"fmt"
	"strings"
)

func hot(text string) []int {
	var lengths []int
	words := strings.Fields(text)
	for _, word := range words {
		lengths = append(lengths, len(word))
	}
	return lengths
}

func Result() string { return fmt.Sprintf("%#v %#v", hot("a bc"), hot("")) }
