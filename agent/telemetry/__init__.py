"""How the service is watched: logs without secrets, metrics for Prometheus, traces for OpenTelemetry."""
