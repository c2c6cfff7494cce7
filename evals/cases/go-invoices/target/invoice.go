package invoices

import (
	"fmt"
	"io"
)

// Line is one line of an order.
type Line struct {
	SKU      string
	Quantity int
}

// Position is one priced line.
type Position struct {
	Name     string
	Quantity int
	Cents    int
}

// Invoice is what an order costs, in cents.
type Invoice struct {
	Positions []Position
	Unknown   []string
	Net       int
	Tax       int
}

// Price works out what the lines of an order cost; a SKU that isn't in the catalogue is noted as unknown.
func Price(lines []Line, items []Item) Invoice {
	var invoice Invoice
	for _, line := range lines {
		priced := len(invoice.Positions)
		for _, item := range items {
			if item.SKU == line.SKU {
				invoice.add(item, line.Quantity)
				break
			}
		}
		if len(invoice.Positions) == priced {
			invoice.Unknown = append(invoice.Unknown, line.SKU)
		}
	}
	return invoice
}

func (i *Invoice) add(item Item, quantity int) {
	cents := item.Cents * quantity
	i.Positions = append(i.Positions, Position{Name: item.Name, Quantity: quantity, Cents: cents})
	i.Net += cents
	i.Tax += cents * item.Tax / 100
}

// WriteTo writes the invoice as text.
func (i *Invoice) WriteTo(out io.Writer) (int64, error) {
	written := 0
	for _, position := range i.Positions {
		n, err := fmt.Fprintf(out, "%5d x %-24s %10d.%02d\n",
			position.Quantity, position.Name, position.Cents/100, position.Cents%100)
		written += n
		if err != nil {
			return int64(written), err
		}
	}
	n, err := fmt.Fprintf(out, "%d unknown, net %d, tax %d, to pay %d\n", len(i.Unknown), i.Net, i.Tax, i.Net+i.Tax)
	return int64(written + n), err
}

// Process prices a whole order and writes its invoice.
func Process(catalogue, order string, out io.Writer) error {
	items, err := ParseCatalogue(catalogue)
	if err != nil {
		return err
	}
	lines, err := ParseOrder(order)
	if err != nil {
		return err
	}
	invoice := Price(lines, items)
	_, err = invoice.WriteTo(out)
	return err
}
