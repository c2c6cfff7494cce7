"""Fetches parcels from slow stores and brings them to others."""
