"""Reading a change of Python code for tricks: what it adds that only looks like speed, and what it leaves out."""
