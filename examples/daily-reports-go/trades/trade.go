// Package trades reads a day's trades.
package trades

import "time"

// Side says who initiated a trade.
type Side string

// The two sides.
const (
	Buy  Side = "BUY"
	Sell Side = "SELL"
)

// Trade is one execution.
type Trade struct {
	ID       string
	Time     time.Time
	Symbol   string
	Side     Side
	Price    float64
	Quantity int
}

// Value is what changed hands.
func (t Trade) Value() float64 {
	return t.Price * float64(t.Quantity)
}
