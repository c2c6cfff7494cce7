// refused: widths, flags or verbs
package fixture

import (
	"fmt"
)

func hot(n int) string {
	return fmt.Sprintf("%05d", n)
}

func Result() string { return hot(3) }
