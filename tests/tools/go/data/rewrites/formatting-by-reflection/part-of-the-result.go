// accepted
package fixture

import (
	"fmt"
)

func hot(name string, n int) string {
	return fmt.Sprintf("%d-%s", n, name)[1:]
}

func Result() string { return hot("name", 12) + hot("", 7) }
