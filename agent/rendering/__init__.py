"""A report as text, Markdown, HTML, JSON; pictures and monitoring files beside it."""
