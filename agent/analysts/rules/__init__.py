"""Answers to questions about a finished run that need no model: known forms of questions, and what was measured."""
