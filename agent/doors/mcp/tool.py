"""A tool of the MCP server: nothing but its parameters is taken, and whatever is refused is said in a sentence."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError as Failed
from mcp.server.mcpserver.exceptions import UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import Field, ValidationError

from agent.access.caller import Caller
from agent.analysts.asking.final import problems_of
from agent.doors.spelling import spelled, spelling_for
from agent.errors import AgentError, StorageFailed
from agent.rendering.terminal import plain
from tools.errors import ToolError

Call = Callable[..., Any]
"""What answers a tool: its parameters are the tool's, its docstring tells of it."""
CallerOf = Callable[[Context], Caller]
"""Who makes a call. Raises: Unauthenticated where that isn't known."""
log = logging.getLogger(__name__)
TOLD = 3
"""So many problems of one call are told at a time."""
LONGEST = 2_000
"""Characters of what failed: it may be what a program printed."""


class StrictTool(Tool):
    """A tool that answers, or says why not. Only a local caller is told where things are kept."""

    caller_of: CallerOf = Field(exclude=True)

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        """The tool's answer. Raises: Failed with a sentence; UnexpectedToolError for a defect of ours."""
        known = self.parameters.get("properties", {})
        unknown = sorted(set(arguments) - set(known))
        if unknown:
            named = ", ".join(repr(name[:64]) for name in unknown[:TOLD])
            raise Failed(f"{self.name} takes no {named}: it takes {', '.join(known)}")
        try:
            return await super().run(arguments, context, convert_result)
        except UnexpectedToolError as error:
            if isinstance(error.__cause__, AgentError | ToolError):
                raise Failed(self._told(error.__cause__, context)) from error.__cause__
            raise
        except Failed as error:
            if isinstance(error.__cause__, ValidationError):
                problems = "; ".join(problems_of(error.__cause__)[:TOLD])
                raise Failed(f"the arguments of {self.name} can't be used: {problems}") from None
            raise

    def _told(self, error: AgentError | ToolError, context: Context[Any, Any]) -> str:
        if isinstance(error, StorageFailed) and not self.caller_of(context).is_local:
            log.error("%s failed: %s", self.name, error)
            return "the service can't read or keep what this needs at the moment: try again later"
        return plain(spelled(str(error), spelling_for(self.caller_of(context))))[:LONGEST]


def made(call: Call, caller_of: CallerOf, *, title: str, only_reads: bool) -> Tool:
    """The tool that `call` answers, named and described as that is."""
    tool = Tool.from_function(
        call,
        title=title,
        description=inspect.getdoc(call),
        # Target code is run on a private copy: nothing outside of it is changed, whatever the tool.
        annotations=ToolAnnotations(read_only_hint=only_reads, destructive_hint=False, open_world_hint=False),
    )
    tool.parameters["additionalProperties"] = False
    fields = {name: getattr(tool, name) for name in Tool.model_fields}
    return StrictTool(**fields, caller_of=caller_of)
