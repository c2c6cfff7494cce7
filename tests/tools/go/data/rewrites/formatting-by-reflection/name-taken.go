// refused: the name strconv is used for something else
package fixture

import (
	"fmt"
)

func strconv(n int) int { return n }

func hot(n int) string {
	return fmt.Sprintf("%d", strconv(n))
}

func Result() string { return hot(3) }
