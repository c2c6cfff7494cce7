"""Measuring: workloads, samples, pairs in random order, intervals, verdicts."""
