"""The performance-profiler agent: its configuration, its workflow and its doors."""

import importlib.util
from pathlib import Path

_spec = importlib.util.find_spec("tools")
_home = Path(__file__).resolve().parent.parent / "tools" / "__init__.py"
if _spec is None or _spec.origin is None or Path(_spec.origin).resolve() != _home:
    # `tools` is a common name: with another one first on the path we would run somebody else's code.
    raise ImportError(
        f"another package named 'tools' ({_spec.origin if _spec else 'none found'}) hides ask-profiler's own: "
        "install ask-profiler in an environment of its own, and start it with the ask-profiler command"
    )
