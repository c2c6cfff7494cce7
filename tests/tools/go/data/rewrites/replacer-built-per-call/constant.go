// accepted
package fixture

import (
	"strings"
)

func hot(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(text)
}

func Result() string { return hot("a<b&c") + hot("") }
