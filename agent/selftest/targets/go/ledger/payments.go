// Package ledger books incoming payments and matches them with open invoices.
package ledger

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Payment is one line of a bank statement.
type Payment struct {
	Day       string
	Reference string
	Cents     int64
	Payer     string
}

// ParsePayments reads `day;reference;amount;payer` lines. A line with another number of fields, with a day
// that isn't in the calendar or an amount that isn't like 12.50 is an error that names it.
func ParsePayments(text string) ([]Payment, error) {
	var payments []Payment
	for number, line := range strings.Split(text, "\n") {
		if line == "" {
			continue
		}
		fields := strings.Split(line, ";")
		if len(fields) != 4 {
			return nil, fmt.Errorf("line %d: %d fields instead of 4", number+1, len(fields))
		}
		if _, err := time.Parse("2006-01-02", fields[0]); err != nil {
			return nil, fmt.Errorf("line %d: the day %q is none", number+1, fields[0])
		}
		cents, err := parseAmount(fields[2])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		payments = append(payments, Payment{Day: fields[0], Reference: fields[1], Cents: cents, Payer: fields[3]})
	}
	return payments, nil
}

// parseAmount reads an amount such as 12.50 as cents.
func parseAmount(text string) (int64, error) {
	amount := regexp.MustCompile(`^(\d{1,9})\.(\d\d)$`)
	parts := amount.FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("the amount %q isn't like 12.50", text)
	}
	whole, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return 0, err
	}
	cents, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return 0, err
	}
	return whole*100 + cents, nil
}
