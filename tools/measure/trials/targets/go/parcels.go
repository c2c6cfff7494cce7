// Package parcels adds up what the parcels of a day cost.
package parcels

import (
	"strconv"
	"strings"
)

// Records is how many parcels a day has; trials give the two sides different numbers.
const Records = 2000

const record = "2024-03-07;Lisbon;parcel;17.40;3.25"

// Day adds up the price and weight of a day's parcels. Every record is the same and nothing is allocated, so that the
// work is proportional to their number.
func Day(records int) float64 {
	total := 0.0
	for i := 0; i < records; i++ {
		_, rest, _ := strings.Cut(record, ";")
		city, rest, _ := strings.Cut(rest, ";")
		kind, rest, _ := strings.Cut(rest, ";")
		amount, _, _ := strings.Cut(rest, ";")
		price, err := strconv.ParseFloat(amount, 64)
		if err != nil {
			return 0
		}
		total += price + float64(len(city)+len(kind))
	}
	return total
}
