// accepted
package fixture

import (
	"fmt"
)

type item struct {
	name  string
	count int
}

func hot(items []item, names []string) int {
	for n, name := range names {
		for _, candidate := range items {
			if name == candidate.name {
				return candidate.count + n
			}
		}
	}
	return -1
}

func Result() string {
	items := []item{{"a", 10}, {"b", 20}, {"b", 30}}
	return fmt.Sprint(hot(items, []string{"x", "b"}), hot(items, []string{"x"}), hot(nil, []string{"b"}))
}
