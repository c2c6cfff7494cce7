// accepted
package fixture

import (
	"fmt"
	"slices"
)

func hot(all, wanted []int) (count int) {
	for _, w := range wanted {
		if slices.Contains(all, w) {
			count++
		}
	}
	return count
}

func Result() string { return fmt.Sprint(hot([]int{1, 2, 2}, []int{2, 3, 1}), hot(nil, []int{1})) }
