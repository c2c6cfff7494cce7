// refused: an argument changes in the loop
package fixture

import (
	"time"
)

func hot(words []string, when time.Time) (text string) {
	for _, word := range words {
		if when.UnmarshalText([]byte(word)) == nil {
			text += when.Format("2006;")
		}
	}
	return text
}

func Result() string {
	return hot([]string{"2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"}, time.Time{})
}
