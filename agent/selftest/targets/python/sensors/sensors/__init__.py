"""What sensors measured: smoothing it, and telling what is usual."""
