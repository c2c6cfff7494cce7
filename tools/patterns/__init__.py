"""Optimisation patterns: their files, matching them in hot code, the changes they propose."""
