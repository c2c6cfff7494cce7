// refused: needs package fmt
package fixture

import (
	"fmt"
)

func hot(text string) string {
	format := "%d"
	_ = format
	return fmt.Sprintf("%d", text)
}

func Result() string { return hot("x") }
