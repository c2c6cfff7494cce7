// refused: changes in the outer loop
package fixture

import (
	"fmt"
)

type item struct {
	name  string
	count int
}

func hot(items []item, names []string) []item {
	for _, name := range names {
		found := false
		for i := range items {
			if items[i].name == name {
				items[i].count++
				found = true
				break
			}
		}
		if !found {
			items = append(items, item{name, 1})
		}
	}
	return items
}

func Result() string { return fmt.Sprint(hot(nil, []string{"a", "b", "a"})) }
