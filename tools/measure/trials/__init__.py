"""Trials of the measurement itself: known amounts of work through the very engine that judges changes."""
