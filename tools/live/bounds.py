"""How long a live program may be watched. By itself, so that a request can be checked before anything is loaded."""

MAX_SECONDS = 300.0
"""Of one capture, and of watching what grows: more than that a program in use shouldn't have to bear at once."""
LEAST_GROWTH_SECONDS = 15.0
"""Watched for less, nothing can be told of what grows."""
