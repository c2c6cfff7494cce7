// accepted
package fixture

import (
	"fmt"
)

type item struct {
	name  string
	count int
}

func hot(names []string) []item {
	items := []item{{name: "a"}, {name: "b"}, {name: "a"}, {name: "c"}}
	for _, name := range names {
		for i := range items {
			if items[i].name == name {
				add(&items[i])
				break
			}
		}
	}
	return items
}

func add(i *item) { i.count++ }

func Result() string {
	return fmt.Sprint(hot([]string{"a", "c", "x", "a"}), hot(nil))
}
