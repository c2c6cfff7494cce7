package invoices

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

var items = []Item{
	{SKU: "A-1", Name: "anvil", Cents: 9900, Tax: 20},
	{SKU: "B-2", Name: "bucket", Cents: 450, Tax: 10},
}

func TestPrice(t *testing.T) {
	got := Price([]Line{{"B-2", 3}, {"X-9", 1}, {"A-1", 1}}, items)
	want := Invoice{
		Positions: []Position{{"bucket", 3, 1350}, {"anvil", 1, 9900}},
		Unknown:   []string{"X-9"},
		Net:       11250,
		Tax:       2115,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestProcess(t *testing.T) {
	var out strings.Builder
	if err := Process("A-1;anvil;9900;20\n", "A-1;2\nX-9;1\n", &out); err != nil {
		t.Fatal(err)
	}
	want := "    2 x anvil                           198.00\n1 unknown, net 19800, tax 3960, to pay 23760\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestProcessRefusesNonsense(t *testing.T) {
	for _, order := range []string{"A-1", "A-1;two"} {
		if err := Process("A-1;anvil;9900;20\n", order, io.Discard); err == nil {
			t.Errorf("accepted the order %q", order)
		}
	}
	for _, catalogue := range []string{"A-1;anvil;9900", "A-1;anvil;dear;20", "A-1;anvil;9900;much"} {
		if err := Process(catalogue, "A-1;1", io.Discard); err == nil {
			t.Errorf("accepted the catalogue %q", catalogue)
		}
	}
}

func generate(size int) (catalogue, order string) {
	var c, o strings.Builder
	known := size/2 + 1
	for i := range known {
		fmt.Fprintf(&c, "SKU-%06d;article number %d;%d;%d\n", i, i, 100+i*7%5000, 7+i%3*6)
	}
	for i := range size {
		fmt.Fprintf(&o, "SKU-%06d;%d\n", i*7919%(known+known/50), 1+i%9)
	}
	return c.String(), o.String()
}

func BenchmarkProcess(b *testing.B) {
	for _, size := range []int{100, 1000, 5000} {
		catalogue, order := generate(size)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Process(catalogue, order, io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
