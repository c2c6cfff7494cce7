// accepted
package fixture

import (
	"fmt"
)

type key struct{ a, b int }

func hot(words []key) int {
	places := map[key]bool{}
	for _, word := range words {
		places[word] = true
	}
	return len(places)
}

func Result() string { return fmt.Sprint(hot([]key{{1, 2}, {1, 2}, {2, 1}}), hot(nil)) }
