"""Candidates from findings: all safe rewrites of a bottleneck together, then each alone, as patches."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agent.analysts.analyst import Picture
from agent.patches import make_patch
from agent.report import Bottleneck, Candidate
from tools.errors import Cancelled, ToolError
from tools.go.program import GoProgram, find_go
from tools.go.rewrites.rewriter import GoRewriter
from tools.patterns.pattern import Finding, NotSafe, Rewritten
from tools.python.rewrites.rewriter import PythonRewriter
from tools.run.process import Runner

MAX_REWRITES = 6
Find = Callable[[Path], tuple[Finding, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A finding that was rewritten, and what the rewrite says of itself."""

    finding: Finding
    rewritten: Rewritten


@dataclass(slots=True, kw_only=True)
class Proposals:
    """Makes candidates; works on copies of its own."""

    runner: Runner
    cache: Path
    _go: GoProgram | None = field(default=None, init=False)
    _refusals: dict[tuple[str, str, int], str | None] = field(default_factory=dict, init=False)

    def refusal(self, picture: Picture, finding: Finding) -> str | None:
        """Why a finding of the picture's own sources can't be rewritten safely; None when it can, or when its
        pattern only explains.

        A rule matches by form alone: a `for` with an `==` in it. Whether it is what it looks like is known
        to the rewriter, which sees types and uses.
        """
        if not _is_rewritable(finding):
            return None
        key = (finding.pattern.id, finding.file, finding.start)
        if key not in self._refusals:
            rewritten = self._rewrite(picture, finding, picture.root)
            self._refusals[key] = rewritten.why if isinstance(rewritten, NotSafe) else None
        return self._refusals[key]

    def propose(self, picture: Picture, bottleneck: Bottleneck, find: Find) -> tuple[Candidate, ...]:
        """The candidates for a bottleneck; `find` gives its findings in any copy of the sources.

        A rewriter that fails is no candidate; it doesn't end the run.
        """
        together = self._candidate(picture, bottleneck, find, None)
        found = [together[0]] if together else []
        if together and len(together[1]) > 1:
            for number in range(len(together[1])):
                alone = self._candidate(picture, bottleneck, find, number)
                if alone:
                    found.append(alone[0])
        return tuple(found)

    def _candidate(
        self, picture: Picture, bottleneck: Bottleneck, find: Find, only: int | None
    ) -> tuple[Candidate, list[_Change]] | None:
        """A candidate of all changes, or of the `only`-th one alone."""
        with tempfile.TemporaryDirectory(prefix="ask-profiler-") as name:
            copy = Path(name) / "copy"
            shutil.copytree(
                picture.root,
                copy,
                symlinks=True,
                ignore=shutil.ignore_patterns(".ask-profiler", "__pycache__"),
            )
            changes = self._rewrite_all(picture, copy, find, only)
            if not changes:
                return None
            files = tuple(sorted({name for c in changes for name in c.rewritten.files}))
            patch = make_patch(self.runner, picture.root, copy, files)
        return (_candidate(bottleneck, changes, patch, files), changes) if patch else None

    def _rewrite_all(self, picture: Picture, copy: Path, find: Find, only: int | None) -> list[_Change]:
        changes: list[_Change] = []
        tried: set[tuple[str, str, str]] = set()
        number = 0
        while len(changes) < MAX_REWRITES:
            finding = next((f for f in find(copy) if _key(f, copy) not in tried and _is_rewritable(f)), None)
            if finding is None:
                break
            tried.add(_key(finding, copy))
            rewritten = self._rewrite(picture, finding, copy)
            if not isinstance(rewritten, Rewritten):
                continue
            if only is None or number == only:
                _write(copy, rewritten)
                changes.append(_Change(finding=finding, rewritten=rewritten))
            number += 1
        return changes

    def _rewrite(self, picture: Picture, finding: Finding, copy: Path) -> Rewritten | NotSafe:
        try:
            if picture.plan.language == "go":
                if self._go is None:
                    self._go = find_go(self.runner)
                return GoRewriter(self.runner, self._go, self.cache).rewrite(finding, copy)
            return PythonRewriter().rewrite(finding, copy)
        except Cancelled:
            raise
        except ToolError as error:
            return NotSafe(why=str(error))


def _is_rewritable(finding: Finding) -> bool:
    return finding.pattern.spec.rewrite.engine in ("go-typed", "libcst")


def _key(finding: Finding, copy: Path) -> tuple[str, str, str]:
    """A finding by what it is, not where: earlier rewrites move the text."""
    text = (copy / finding.file).read_text(encoding="utf-8")
    return finding.pattern.id, finding.file, text[finding.start : finding.end]


def _write(copy: Path, rewritten: Rewritten) -> None:
    for name, content in rewritten.files.items():
        data = content.encode() if isinstance(content, str) else content
        (copy / name).write_bytes(data)


def _candidate(
    bottleneck: Bottleneck, changes: list[_Change], patch: str, files: tuple[str, ...]
) -> Candidate:
    patterns = list({c.finding.pattern.id: c.finding.pattern for c in changes}.values())
    functions = tuple(dict.fromkeys(n for c in changes for n in c.rewritten.functions))
    return Candidate(
        id="",
        bottleneck_rank=bottleneck.rank,
        title="; ".join(p.spec.title for p in patterns),
        rationale="\n\n".join(p.explanation for p in patterns),
        risk=" ".join(dict.fromkeys(p.spec.risk for p in patterns)),
        origin="playbook:" + "+".join(p.id for p in patterns),
        patch=patch,
        files=files,
        functions=functions,
    )
