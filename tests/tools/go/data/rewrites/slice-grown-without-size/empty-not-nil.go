// accepted
package fixture

import (
	"fmt"
	"slices"
)

func hot(words map[string]int) []int {
	counts := []int{}
	for _, count := range words {
		counts = append(counts, count)
	}
	slices.Sort(counts)
	return counts
}

func Result() string { return fmt.Sprintf("%#v %#v", hot(map[string]int{"a": 2, "b": 1}), hot(nil)) }
