"""Trials of what live programs show: a Go service with known faults, and load for it."""
