"""The analyst that asks a model: the loop, its tools, what it may spend, and what is checked of its words."""
