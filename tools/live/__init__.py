"""Live programs: pprof endpoints and running processes, what a capture costs them, and what grows in them."""
