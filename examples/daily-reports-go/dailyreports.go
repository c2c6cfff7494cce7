// Package dailyreports turns a day's trades into the day's report.
package dailyreports

import (
	"fmt"
	"io"

	"example.com/dailyreports/report"
	"example.com/dailyreports/summary"
	"example.com/dailyreports/trades"
)

// Generate reads trades from in and writes the report of that day to out.
func Generate(day string, in io.Reader, out io.Writer) error {
	all, rejected, err := trades.Parse(in)
	if err != nil {
		return fmt.Errorf("reading trades: %w", err)
	}
	if rejected > 0 && len(all) == 0 {
		return fmt.Errorf("none of %d lines is a trade", rejected)
	}
	_, err = io.WriteString(out, report.Render(day, summary.Summarise(all), all))
	return err
}
