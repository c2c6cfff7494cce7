"""Rewrites of Go code: by a helper program that knows types (helper/), run on private copies only."""
