"""Orders of a mail order house: reading what shops send, and billing it."""
