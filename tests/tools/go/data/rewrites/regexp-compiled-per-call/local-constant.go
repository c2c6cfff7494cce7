// accepted
package fixture

import (
	"fmt"
	"regexp"
)

type Checker struct{ calls int }

var hotPattern = "taken"

func (c *Checker) hot(text string) string {
	const digits, word = "[0-9]", "`a`"
	c.calls++
	return regexp.MustCompile("(" + digits + "+)|" + word).ReplaceAllString(text, "<$1>"+hotPattern)
}

func Result() string {
	c := &Checker{}
	return fmt.Sprint(c.hot("a 12 `a`"), c.hot(""), c.calls)
}
