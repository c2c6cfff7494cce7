// refused: continue
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
				switch candidate.count {
				case 0:
					continue
				}
				sum += candidate.count
				break
			}
		}
	}
	return sum
}

func Result() string { return fmt.Sprint(hot([]item{{"a", 0}, {"a", 2}}, []string{"a"})) }
