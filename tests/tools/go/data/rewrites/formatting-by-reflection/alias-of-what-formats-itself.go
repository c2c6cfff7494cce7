// refused: may format itself
package fixture

import (
	"fmt"
)

type level int

func (l level) String() string { return "level" }

type alias = level

func hot(l alias) string {
	return fmt.Sprintf("%v", l)
}

func Result() string { return hot(3) }
