"""The MCP door: tools for coding agents, over standard input and output or over streamable HTTP."""
