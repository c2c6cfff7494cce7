// refused: isn't known to be pure
package fixture

import (
	"fmt"
)

type counter struct{ n int }

func (c *counter) String() string {
	c.n++
	return "x"
}

func hot(words []string, c *counter) (text string) {
	for range words {
		text += c.String()
	}
	return text
}

func Result() string {
	c := &counter{}
	return fmt.Sprint(hot([]string{"a", "b"}, c), c.n)
}
