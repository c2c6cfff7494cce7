// accepted
package fixture

import (
	"fmt"
)

func hot(name string, n int) bool {
	return "7-x" == fmt.Sprintf("%d-%s", n, name) && n > 0
}

func Result() string {
	if hot("x", 7) && !hot("y", 7) {
		return "good"
	}
	return "bad"
}
