// refused: goes on after the first match
package fixture

import (
	"fmt"
)

type item struct {
	name  string
	count int
}

func hot(items []item, names []string) (sum int) {
	for _, name := range names {
		for _, candidate := range items {
			if candidate.name == name {
				sum += candidate.count
			}
		}
	}
	return sum
}

func Result() string { return fmt.Sprint(hot([]item{{"a", 1}, {"a", 2}}, []string{"a"})) }
