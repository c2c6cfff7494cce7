"""Who may do what: callers, their tokens, what they may reach, and how often."""
