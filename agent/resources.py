"""Files that come with the program: definition, playbook, settings, examples; in a checkout or in the wheel."""

from __future__ import annotations

from pathlib import Path

from agent.errors import BadRequest

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_data"


def _data() -> Path:
    """Where prompts/ and agent.yaml lie: in the wheel beside this module, else at the checkout's top."""
    return _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent


def definition_path() -> Path:
    """The built-in agent definition."""
    return _data() / "prompts" / "performance-profiler.md"


def playbook_dir() -> Path:
    """The built-in optimisation patterns: one folder for each language."""
    return _data() / "prompts" / "playbook"


def calls_dir() -> Path:
    """What a model is told: one file for each call."""
    return _data() / "prompts" / "calls"


def settings_path() -> Path:
    """The built-in agent.yaml."""
    return _data() / "agent.yaml"


def examples_dir() -> Path:
    """The bundled examples. Raises: BadRequest when this installation has none."""
    folder = _data() / "examples"
    if not folder.is_dir():
        raise BadRequest(f"this installation has no examples ({folder} is missing): reinstall ask-profiler")
    return folder
