"""Sending an issue to those who want it."""
