package summary

import (
	"reflect"
	"testing"

	"example.com/dailyreports/trades"
)

var day = []trades.Trade{
	{Symbol: "ACME", Side: trades.Buy, Price: 10, Quantity: 5},
	{Symbol: "ZINC", Side: trades.Sell, Price: 100, Quantity: 3},
	{Symbol: "ACME", Side: trades.Sell, Price: 8, Quantity: 2},
	{Symbol: "ACME", Side: trades.Buy, Price: 12, Quantity: 1},
}

func TestSummarise(t *testing.T) {
	want := []Ticker{
		{Symbol: "ZINC", Trades: 1, Sold: 3, Value: 300, High: 100, Low: 100, Last: 100},
		{Symbol: "ACME", Trades: 3, Bought: 6, Sold: 2, Value: 78, High: 12, Low: 8, Last: 12},
	}
	if got := Summarise(day); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestSummariseNothing(t *testing.T) {
	if got := Summarise(nil); got == nil || len(got) != 0 {
		t.Errorf("got %#v", got)
	}
}

func TestSymbolsInOrderOfAppearance(t *testing.T) {
	if got := Symbols(day); !reflect.DeepEqual(got, []string{"ACME", "ZINC"}) {
		t.Errorf("got %v", got)
	}
	if got := Symbols(nil); got != nil {
		t.Errorf("got %#v", got)
	}
}

func TestAverage(t *testing.T) {
	if got := (Ticker{Bought: 6, Sold: 2, Value: 78}).Average(); got != 9.75 {
		t.Errorf("got %v", got)
	}
	if got := (Ticker{}).Average(); got != 0 {
		t.Errorf("got %v", got)
	}
}
