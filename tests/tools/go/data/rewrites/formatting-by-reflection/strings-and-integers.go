// accepted
package fixture

import (
	"fmt"
)

type id uint32

func hot(name string, n int, big int64, small uint8, code id) string {
	return fmt.Sprintf("%s: %d of %d, 100%% (%v) #%d\n", name, n, big, small, code)
}

func Result() string {
	return hot("ä", -5, 1<<62, 255, 7) + hot("", 0, -1<<63, 0, 1<<32-1)
}
