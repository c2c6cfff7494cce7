// accepted
package fixture

import (
	"fmt"
)

type group struct{ members []string }

func hot(g *group) []int {
	var lengths []int
	if g == nil {
		return nil
	}
	for _, member := range g.members {
		lengths = append(lengths, len(member))
	}
	return lengths
}

func Result() string { return fmt.Sprintf("%#v %#v", hot(&group{[]string{"a", "bc"}}), hot(nil)) }
