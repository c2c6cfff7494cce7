"""Writing the day's report."""

from daily_reports.summary import summarise, without_suspended
from daily_reports.trades import parse

PAGE_LINES = 500
LARGE = 800


def daily_report(day, text, rates, suspended):
    """The whole report on a file of trades: figures, table of tickers, journal."""
    everything, rejected = parse(text)
    trades = without_suspended(everything, suspended.split())
    summary = summarise(day, trades, rates, len(everything) - len(trades), rejected)
    return head(summary) + table(summary.tickers) + "\n" + journal(trades)


def head(summary):
    """The figures of the day."""
    return (
        f"Daily report {summary.day}\n"
        f"Turnover {summary.turnover:.2f} USD\n"
        f"Left out: {summary.suspended} suspended, {summary.rejected} not readable\n\n"
    )


def table(tickers):
    """One line for each ticker."""
    text = ""
    for ticker in tickers:
        text += f"{ticker.symbol:<8}{ticker.trades:>8}{ticker.bought:>12}{ticker.sold:>12}"
        text += f"{ticker.value:>18.2f}{ticker.average():>12.4f}\n"
    return text


def journal(trades):
    """The large trades, in pages."""
    large = [trade for trade in trades if trade.quantity >= LARGE]
    pages = []
    for start in range(0, len(large), PAGE_LINES):
        pages.append(journal_page(large[start : start + PAGE_LINES]))
    return "\f\n".join(pages)


def journal_page(trades):
    """One page of the journal."""
    queue = list(trades)
    text = ""
    while queue:
        trade = queue.pop(0)
        text += f"{trade.symbol:<8}{trade.quantity:>8} at {trade.price:.2f} {trade.currency}\n"
    return text
