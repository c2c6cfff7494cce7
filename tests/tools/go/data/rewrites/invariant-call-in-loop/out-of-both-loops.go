// accepted
package fixture

import (
	"fmt"
	"time"
)

func hot(rows [][]string, when time.Time) (count int) {
	for _, row := range rows {
		for _, cell := range row {
			if cell == when.Format("2006-01-02") {
				count++
			}
		}
	}
	return count
}

func Result() string {
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	return fmt.Sprint(hot([][]string{{"2026-03-02", "x"}, {"2026-03-02"}}, day))
}
