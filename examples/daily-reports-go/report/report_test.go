package report

import (
	"strings"
	"testing"
	"time"

	"example.com/dailyreports/summary"
	"example.com/dailyreports/trades"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestRender(t *testing.T) {
	tickers := []summary.Ticker{{Symbol: "ACME", Trades: 1, Bought: 5, Value: 50}}
	all := []trades.Trade{{Symbol: "ACME", Side: trades.Buy, Time: noon, Price: 10, Quantity: 5}}
	want := "Daily report 2026-03-02\n\n" +
		"ACME           1 trades           5 bought           0 sold           50.00 value     10.0000 average\n" +
		"\n1 12:00:00 ACME BUY 5\n"
	if got := Render("2026-03-02", tickers, all); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestJournalBreaksPages(t *testing.T) {
	all := make([]trades.Trade, 401)
	for i := range all {
		all[i] = trades.Trade{Symbol: "ACME", Side: trades.Sell, Time: noon, Quantity: i}
	}
	got := Journal(all)
	if strings.Count(got, "\f") != 2 {
		t.Errorf("%d page breaks", strings.Count(got, "\f"))
	}
	lines := strings.Split(got, "\n")
	if lines[0] != "1 12:00:00 ACME SELL 0" || lines[200] != "\f" || lines[402] != "401 12:00:00 ACME SELL 400" {
		t.Errorf("got %q, %q, %q", lines[0], lines[200], lines[402])
	}
}

func TestJournalOfNothing(t *testing.T) {
	if got := Journal(nil); got != "" {
		t.Errorf("got %q", got)
	}
}
