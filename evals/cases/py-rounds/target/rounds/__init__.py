"""Sharing one machine among many jobs."""
