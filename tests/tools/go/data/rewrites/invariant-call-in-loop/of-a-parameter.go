// accepted
package fixture

import (
	"fmt"
	"strings"
)

func hot(words []string, wanted string) (count int) {
	for _, word := range words {
		if word == strings.ToUpper(wanted) {
			count++
		}
	}
	return count
}

func Result() string { return fmt.Sprint(hot([]string{"A", "a", "A"}, "a"), hot(nil, "a")) }
