"""Evals: small cases with a known answer, scored by code."""
