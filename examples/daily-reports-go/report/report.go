// Package report writes the day's report.
package report

import (
	"fmt"
	"strings"

	"example.com/dailyreports/summary"
	"example.com/dailyreports/trades"
)

const pageLines = 200

// Render gives the whole report: the summary of each ticker, then the journal of trades.
func Render(day string, tickers []summary.Ticker, all []trades.Trade) string {
	text := "Daily report " + day + "\n\n"
	for _, ticker := range tickers {
		text += tickerLine(ticker)
	}
	return text + "\n" + Journal(all)
}

// Journal lists the trades, one a line, in pages of 200 lines.
func Journal(all []trades.Trade) string {
	var pages []string
	for start := 0; start < len(all); start += pageLines {
		pages = append(pages, journalPage(all, start, min(start+pageLines, len(all))))
	}
	return strings.Join(pages, "\f\n")
}

func journalPage(all []trades.Trade, start, end int) string {
	page := ""
	for i := start; i < end; i++ {
		page += JournalLine(i+1, all[i])
	}
	return page
}

func tickerLine(ticker summary.Ticker) string {
	return fmt.Sprintf("%-8s %7d trades  %10d bought  %10d sold  %14.2f value  %10.4f average\n",
		ticker.Symbol, ticker.Trades, ticker.Bought, ticker.Sold, ticker.Value, ticker.Average())
}

// JournalLine is one line of the journal.
func JournalLine(number int, trade trades.Trade) string {
	return fmt.Sprintf("%d", number) + " " + trade.Time.Format("15:04:05") + " " + trade.Symbol + " " +
		string(trade.Side) + " " + fmt.Sprintf("%d", trade.Quantity) + "\n"
}
