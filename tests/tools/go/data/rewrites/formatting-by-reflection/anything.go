// refused: needs package fmt
package fixture

import (
	"fmt"
)

func hot(x any) string {
	return fmt.Sprintf("%v", x)
}

func Result() string { return hot(3) }
