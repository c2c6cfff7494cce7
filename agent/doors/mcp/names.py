"""What the MCP server and its tools are called, for whoever names them without starting it."""

from __future__ import annotations

NAME = "ask-profiler"
DOOR = "mcp"
"""What the audit and jobs call this door."""
TOOLS = ("profile", "optimize", "verify_change", "report", "top", "peek", "annotated_source", "compare")
