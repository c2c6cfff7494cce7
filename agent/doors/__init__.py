"""The ways in: command line, and later Slack, A2A, MCP and HTTP."""
