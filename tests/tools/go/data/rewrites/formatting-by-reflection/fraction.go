// refused: needs package fmt
package fixture

import (
	"fmt"
)

func hot(x float64) string {
	return fmt.Sprintf("%v", x)
}

func Result() string { return hot(0.1) }
