// refused: assigns the field that is compared
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
		for i := range items {
			if items[i].name == name {
				rename(&items[i])
				break
			}
		}
	}
	return items
}

func rename(i *item) { i.name = "new" }

func Result() string { return fmt.Sprint(hot([]item{{"a", 1}, {"a", 2}}, []string{"a", "a", "new"})) }
