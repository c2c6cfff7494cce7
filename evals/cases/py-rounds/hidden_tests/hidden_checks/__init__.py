"""Checks on the result."""
