// accepted
package fixture

import (
	"fmt"
	"regexp"
)

// hot says whether a text is an id.
func hot(text string) bool {
	pattern := regexp.MustCompile(`^T-[0-9]+$`)
	return pattern.MatchString(text)
}

func Result() string {
	return fmt.Sprint(hot("T-12"), hot("T-"), hot("xT-1"))
}
