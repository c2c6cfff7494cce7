// Package summary condenses trades into one line a ticker.
package summary

import (
	"sort"

	"example.com/dailyreports/trades"
)

// Ticker is what a symbol did in a day.
type Ticker struct {
	Symbol string
	Trades int
	Bought int
	Sold   int
	Value  float64
	High   float64
	Low    float64
	Last   float64
}

// Average is the volume-weighted price.
func (t Ticker) Average() float64 {
	if t.Bought+t.Sold == 0 {
		return 0
	}
	return t.Value / float64(t.Bought+t.Sold)
}

// Symbols lists the symbols that were traded, in order of appearance.
func Symbols(all []trades.Trade) []string {
	var symbols []string
	for _, trade := range all {
		if !contains(symbols, trade.Symbol) {
			symbols = append(symbols, trade.Symbol)
		}
	}
	return symbols
}

func contains(list []string, wanted string) bool {
	for _, item := range list {
		if item == wanted {
			return true
		}
	}
	return false
}

// Summarise condenses trades, one Ticker a symbol, sorted by value, largest first.
func Summarise(all []trades.Trade) []Ticker {
	tickers := make([]Ticker, 0)
	for _, symbol := range Symbols(all) {
		tickers = append(tickers, Ticker{Symbol: symbol})
	}
	for _, trade := range all {
		for i := range tickers {
			if tickers[i].Symbol == trade.Symbol {
				add(&tickers[i], trade)
				break
			}
		}
	}
	sort.SliceStable(tickers, func(i, j int) bool { return tickers[i].Value > tickers[j].Value })
	return tickers
}

func add(ticker *Ticker, trade trades.Trade) {
	if ticker.Trades == 0 || trade.Price > ticker.High {
		ticker.High = trade.Price
	}
	if ticker.Trades == 0 || trade.Price < ticker.Low {
		ticker.Low = trade.Price
	}
	if trade.Side == trades.Buy {
		ticker.Bought += trade.Quantity
	} else {
		ticker.Sold += trade.Quantity
	}
	ticker.Trades++
	ticker.Value += trade.Value()
	ticker.Last = trade.Price
}
