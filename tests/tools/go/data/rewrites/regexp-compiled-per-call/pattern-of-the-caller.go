// refused: the pattern isn't constant
package fixture

import (
	"fmt"
	"regexp"
)

func hot(text, word string) bool {
	return regexp.MustCompile("^" + word).MatchString(text)
}

func Result() string { return fmt.Sprint(hot("ab", "a"), hot("ab", "b")) }
