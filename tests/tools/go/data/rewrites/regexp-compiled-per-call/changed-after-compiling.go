// refused: changed by Longest
package fixture

import (
	"fmt"
	"regexp"
)

func hot(text string, longest bool) string {
	pattern := regexp.MustCompile(`a|ab`)
	if longest {
		pattern.Longest()
	}
	return pattern.FindString(text)
}

func Result() string { return fmt.Sprint(hot("ab", false), hot("ab", true), hot("ab", false)) }
