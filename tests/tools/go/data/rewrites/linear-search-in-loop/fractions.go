// refused: isn't a string or an integer
package fixture

import (
	"fmt"
)

func hot(values, wanted []float64) (found int) {
	for _, w := range wanted {
		for i := range values {
			if values[i] == w {
				found += i
				break
			}
		}
	}
	return found
}

func Result() string { return fmt.Sprint(hot([]float64{0.5, 1, 0.5}, []float64{0.5, 1, 2})) }
