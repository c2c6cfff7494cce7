// accepted
package fixture

import (
	"fmt"
)

func hot(words []string) map[string]int {
	places := make(map[string]int)
	for i, word := range words {
		places[word] = i
	}
	return places
}

func Result() string { return fmt.Sprintf("%#v %#v", hot([]string{"a", "b", "a"}), hot(nil)) }
