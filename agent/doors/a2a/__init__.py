"""The A2A door: an agent card, and tasks for orchestrating agents. A task is a job of the desk, seen through A2A."""
