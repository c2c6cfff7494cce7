"""The workflow's steps, one module each."""
