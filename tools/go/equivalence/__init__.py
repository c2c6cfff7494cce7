"""Equivalence by value for Go: the same calls, recorded and made up, through a package's old and new code."""
