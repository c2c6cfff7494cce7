"""Go's execution traces: capturing one, and reading one that was recorded (reading.read_trace)."""
