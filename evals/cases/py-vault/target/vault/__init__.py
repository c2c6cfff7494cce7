"""Secrets under one passphrase."""
