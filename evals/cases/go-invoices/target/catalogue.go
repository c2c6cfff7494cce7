// Package invoices prices orders against a catalogue.
package invoices

import (
	"fmt"
	"strconv"
	"strings"
)

// Item is what can be ordered; prices are in cents without tax.
type Item struct {
	SKU   string
	Name  string
	Cents int
	Tax   int
}

// ParseCatalogue reads `sku;name;cents;tax` lines; the tax is in percent.
func ParseCatalogue(text string) ([]Item, error) {
	var items []Item
	for number, line := range strings.Split(text, "\n") {
		if line == "" {
			continue
		}
		fields := strings.Split(line, ";")
		if len(fields) != 4 {
			return nil, fmt.Errorf("catalogue line %d: %d fields instead of 4", number+1, len(fields))
		}
		cents, err := strconv.Atoi(fields[2])
		if err != nil {
			return nil, fmt.Errorf("catalogue line %d: %w", number+1, err)
		}
		tax, err := strconv.Atoi(fields[3])
		if err != nil {
			return nil, fmt.Errorf("catalogue line %d: %w", number+1, err)
		}
		items = append(items, Item{SKU: fields[0], Name: fields[1], Cents: cents, Tax: tax})
	}
	return items, nil
}

// ParseOrder reads `sku;quantity` lines.
func ParseOrder(text string) ([]Line, error) {
	var lines []Line
	for number, line := range strings.Split(text, "\n") {
		if line == "" {
			continue
		}
		sku, quantity, found := strings.Cut(line, ";")
		if !found {
			return nil, fmt.Errorf("order line %d: no quantity", number+1)
		}
		count, err := strconv.Atoi(quantity)
		if err != nil {
			return nil, fmt.Errorf("order line %d: %w", number+1, err)
		}
		lines = append(lines, Line{SKU: sku, Quantity: count})
	}
	return lines, nil
}
