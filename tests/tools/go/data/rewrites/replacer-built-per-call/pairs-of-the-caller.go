// refused: the pattern isn't constant
package fixture

import (
	"strings"
)

func hot(text, old string) string {
	return strings.NewReplacer(old, "x").Replace(text)
}

func Result() string { return hot("abc", "a") + hot("abc", "b") }
