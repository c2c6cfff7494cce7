"""Monitoring proposals: Prometheus rules for the policy's targets and what was changed, and a metrics collector."""
