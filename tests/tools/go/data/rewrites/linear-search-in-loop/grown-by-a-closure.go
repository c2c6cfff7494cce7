// refused: closure
package fixture

import (
	"fmt"
)

type item struct {
	name  string
	count int
}

func hot(items []item, names []string) []item {
	grow := func(name string) { items = append(items, item{name, 0}) }
	for _, name := range names {
		grow(name)
		for i := range items {
			if items[i].name == name {
				items[i].count++
				break
			}
		}
	}
	return items
}

func Result() string { return fmt.Sprint(hot(nil, []string{"a", "b", "a"})) }
