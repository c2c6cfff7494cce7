"""Benchmarks of the daily report."""
