// refused: pointer
package fixture

import (
	"fmt"
)

type item struct {
	name  string
	count int
}

func hot(items []*item, names []string) (sum int) {
	for _, name := range names {
		for _, candidate := range items {
			if candidate.name == name {
				sum += candidate.count
				break
			}
		}
		for _, other := range items {
			rename(other)
		}
	}
	return sum
}

func rename(i *item) { i.name += "x" }

func Result() string {
	return fmt.Sprint(hot([]*item{{"a", 1}, {"b", 2}}, []string{"a", "bx", "axx"}))
}
