"""Recorded spans: reading them, the critical path of each request, what would shorten it, a picture of it."""
