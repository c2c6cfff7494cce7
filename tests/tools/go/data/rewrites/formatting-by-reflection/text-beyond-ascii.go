// accepted
package fixture

import (
	"fmt"
)

func hot(n int) string {
	return fmt.Sprintf("größe – %d €", n)
}

func Result() string { return hot(3) }
