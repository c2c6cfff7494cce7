"""Cases of rewrites: `data/rewrites/<pattern>.txt` holds sections of source, each under a line that judges it.

`#### accepted: name` or `#### refused: name: words of the reason`; `hot` is what measurement found hot, and
`INPUTS()` of an accepted case gives the arguments to call it with, fresh each time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tools.patterns.matching import find
from tools.patterns.pattern import HotFunction, NotSafe, Pattern, Rewritten, load_patterns
from tools.python.rewrites.rewriter import PythonRewriter

DATA = Path(__file__).parent / "data"
PATTERNS = {
    p.id.removeprefix("python/"): p
    for p in load_patterns(Path(__file__).parents[3] / "prompts" / "playbook", "python")
}
_HEAD = re.compile(r"^#### (accepted|refused|matches|differs): ([^:\n]+)(?:: (.*))?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One section. `reason` is "" where it is accepted."""

    pattern: str
    judged: str
    name: str
    reason: str
    source: str

    def __str__(self) -> str:
        return f"{self.pattern}: {self.name}"


def read_cases(folder: str) -> list[Case]:
    """All sections of the files in a folder of the data."""
    found = []
    for path in sorted((DATA / folder).glob("*.txt")):
        parts = _HEAD.split(path.read_text(encoding="utf-8"))
        assert parts[0] == "", f"{path} starts with a judging line"
        for judged, name, reason, source in zip(*(parts[n::4] for n in (1, 2, 3, 4)), strict=True):
            found.append(
                Case(pattern=path.stem, judged=judged, name=name, reason=reason or "", source=source)
            )
    return found


def hot_file(source: str, view: str) -> HotFunction:
    """A file every line of which is hot."""
    lines = range(1, source.count("\n") + 2)
    return HotFunction(
        function="hot", file="code.py", start_line=0, end_line=0, view=view, self_share=0.5,  # type: ignore[arg-type]
        cumulative_share=1.0, lines=dict.fromkeys(lines, 1.0),
    )  # fmt: skip


def rewritten(source: str, pattern: Pattern, root: Path) -> Rewritten | NotSafe:
    """What becomes of the first place that the pattern matches; of nested searches, the innermost."""
    (root / "code.py").write_bytes(source.encode())
    view = "memory" if pattern.spec.view == "memory" else "cpu"
    found = find([pattern], root, [hot_file(source, view)])
    assert found, f"{pattern.id} doesn't match"
    pick = max if pattern.spec.rewrite.name == "index_search" else min
    return PythonRewriter().rewrite(pick(found, key=lambda f: f.start), root)
