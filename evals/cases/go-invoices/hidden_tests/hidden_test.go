package invoices

import (
	"fmt"
	"io"
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

// plain prices one line after the other, as the catalogue is written: the first of equal SKUs counts.
func plain(lines []Line, items []Item) Invoice {
	var invoice Invoice
	for _, line := range lines {
		position := -1
		for i := len(items) - 1; i >= 0; i-- {
			if items[i].SKU == line.SKU {
				position = i
			}
		}
		if position < 0 {
			invoice.Unknown = append(invoice.Unknown, line.SKU)
			continue
		}
		cents := items[position].Cents * line.Quantity
		invoice.Positions = append(invoice.Positions, Position{items[position].Name, line.Quantity, cents})
		invoice.Net += cents
		invoice.Tax += cents * items[position].Tax / 100
	}
	return invoice
}

func TestHiddenRandomOrders(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	for round := range 50 {
		var catalogue []Item
		for i := range random.Intn(40) {
			sku := fmt.Sprintf("S%d", random.Intn(30))
			catalogue = append(catalogue, Item{sku, fmt.Sprintf("name %d", i), random.Intn(999), random.Intn(25)})
		}
		var lines []Line
		for range random.Intn(60) {
			lines = append(lines, Line{fmt.Sprintf("S%d", random.Intn(40)), random.Intn(9) - 2})
		}
		if got, want := Price(lines, catalogue), plain(lines, catalogue); !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: got %+v, want %+v", round, got, want)
		}
	}
}

func TestHiddenFirstOfEqualSKUs(t *testing.T) {
	double := []Item{{"A", "first", 100, 0}, {"A", "second", 200, 0}}
	if got := Price([]Line{{"A", 1}}, double); got.Net != 100 || got.Positions[0].Name != "first" {
		t.Errorf("got %+v", got)
	}
}

func TestHiddenNothing(t *testing.T) {
	if got := Price(nil, items); !reflect.DeepEqual(got, Invoice{}) {
		t.Errorf("no lines: %+v", got)
	}
	if got := Price([]Line{{"A-1", 1}, {"A-1", 1}}, nil); len(got.Unknown) != 2 || got.Positions != nil {
		t.Errorf("no catalogue: %+v", got)
	}
}

func TestHiddenCatalogueChangesBetweenOrders(t *testing.T) {
	changing := []Item{{"A", "anvil", 100, 0}}
	before := Price([]Line{{"A", 1}}, changing).Net
	changing[0].Cents = 300
	if after := Price([]Line{{"A", 1}}, changing).Net; before != 100 || after != 300 {
		t.Errorf("got %d, then %d", before, after)
	}
}

func BenchmarkHidden(b *testing.B) {
	random := rand.New(rand.NewSource(11))
	var catalogue, order strings.Builder
	for i := range 1900 {
		fmt.Fprintf(&catalogue, "%05d/%c;thing %d;%d;%d\n", i*13, 'A'+rune(i%26), i, random.Intn(9000), 19)
	}
	for range 3300 {
		i := random.Intn(2000)
		fmt.Fprintf(&order, "%05d/%c;%d\n", i*13, 'A'+rune(i%26), 1+random.Intn(30))
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := Process(catalogue.String(), order.String(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
