"""The day's trades, summed up by ticker."""
