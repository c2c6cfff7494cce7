"""Which analyst answers a request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from agent.analysts.analyst import Analyst
from agent.analysts.playbook import Playbook
from agent.request import Request
from agent.resources import playbook_dir
from agent.settings import Settings
from tools.go.rewrites.rewriter import cache_folder
from tools.patterns.pattern import load_patterns
from tools.run.process import Runner


def choose_analyst(
    request: Request, settings: Settings, runner: Runner, environment: Mapping[str, str]
) -> Analyst:
    """The analyst for a request. Raises: ToolError when a pattern file can't be read."""
    asked = request.analyst if request.analyst != "auto" else settings.analyst.kind
    note = "Known patterns, matched in hot code only; no model was asked."
    if asked == "auto" and environment.get("ANTHROPIC_API_KEY"):
        note += " An API key is set, but this version has no analyst that would use it."
    patterns = (*load_patterns(playbook_dir(), "go"), *load_patterns(playbook_dir(), "python"))
    return Playbook(
        patterns=patterns,
        runner=runner,
        cache=Path(os.environ.get("ASK_PROFILER_CACHE", cache_folder())),
        note=note,
    )
