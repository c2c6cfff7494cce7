"""Whether the suite's cheats are real: each passes its target's own tests, and looks faster in a naive run.

`python -m tests.selftest.authoring [NAME …]` checks what was changed since it was checked last (or the changes that are
named) and writes agent/selftest/changes/checked.yaml. It takes a few seconds for each change.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from agent.selftest.catalogue import HERE, KnownChange, read_catalogue

CHECKED = HERE / "changes" / "checked.yaml"
INSIDE = HERE.parents[1] / "tools" / "python" / "inside"
ROUNDS = 50
"""How often a Go benchmark runs in the naive run: a number, for a clock that stands still would never end it."""
CALLS = 10
"""How often a Python benchmark calls in the naive run."""
RUNS = 2
FASTER = 0.95
"""A change looks faster when its best time is at most this much of the baseline's best."""


class Mark(BaseModel):
    """That a change was checked in the state that `digest` is of. `ratio` is its naive time over the baseline's for
    the benchmark that it makes look best.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: str
    passes_tests: bool
    ratio: float


_MARKS: TypeAdapter[dict[str, Mark]] = TypeAdapter(dict[str, Mark])


def read_marks() -> Mapping[str, Mark]:
    """The marks by the changes' ids."""
    if not CHECKED.is_file():
        return {}
    return _MARKS.validate_python(yaml.safe_load(CHECKED.read_text(encoding="utf-8")) or {})


def digest_of(change: KnownChange) -> str:
    """What a mark is valid for: the patch and every file of the target."""
    found = hashlib.sha256(change.patch.encode())
    for path in sorted(p for p in change.folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        found.update(path.relative_to(change.folder).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def check(change: KnownChange, folder: Path) -> Mark:
    """Run tests and benchmarks of both sides, below `folder`."""
    before, after = folder / "before", folder / "after"
    for side in (before, after):
        shutil.rmtree(side, ignore_errors=True)
        shutil.copytree(change.folder, side, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        ["git", "apply", "-"], cwd=after, input=change.patch, text=True, check=True, env=_environment(folder)
    )
    tests = ["go", "test", "./..."] if change.language == "go" else _pytest()
    tested = subprocess.run(tests, cwd=after, env=_environment(after), capture_output=True, check=False)
    old, new = _naive(change, before), _naive(change, after)
    ratios = [new[name] / old[name] for name in old if name in new]
    return Mark(
        digest=digest_of(change),
        passes_tests=tested.returncode == 0,
        ratio=round(min(ratios, default=9.0), 3),
    )


def _naive(change: KnownChange, root: Path) -> Mapping[str, float]:
    """Each benchmark's best time in a few runs, one after the other."""
    best: dict[str, float] = {}
    for _ in range(RUNS):
        for name, seconds in _once(change, root).items():
            best[name] = min(best.get(name, seconds), seconds)
    return best


def _once(change: KnownChange, root: Path) -> Mapping[str, float]:
    if change.language == "go":
        words = ["go", "test", "-run", "^$", "-bench", change.bench or ".", "-benchtime", f"{ROUNDS}x"]
        text = _output(words, root, {})
        return {
            n: float(ns)
            for n, ns in re.findall(r"^(Benchmark\S+)\s+\d+\s+([\d.]+) ns/op", text, re.MULTILINE)
        }
    if change.target == "wordstat":
        script = (
            "import subprocess, sys, time\n"
            "started = time.perf_counter()\n"
            "subprocess.run([sys.executable, '-m', 'wordstat', '700'], check=True, capture_output=True)\n"
            "print(time.perf_counter() - started)\n"
        )
        return {"wordstat": float(_output([sys.executable, "-c", script], root, {"PYTHONHASHSEED": "0"}))}
    result = root.parent / "result.json"
    more = {"ASK_PROFILER_ITERATIONS": str(CALLS), "ASK_PROFILER_RESULT": str(result)}
    _output([*_pytest(), "-k", change.bench, "tests/test_speed.py"], root, more)
    found = json.loads(result.read_text(encoding="utf-8"))
    return {change.bench: found["seconds"] / found["iterations"]}


def _pytest() -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "ask_profiler_benchmark"]


def _output(words: list[str], root: Path, more: Mapping[str, str]) -> str:
    done = subprocess.run(
        words, cwd=root, env={**_environment(root), **more}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def _environment(root: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ours = {
        "PYTHONPATH": f"{INSIDE}:{root}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    return kept | ours


def main(names: list[str]) -> int:
    """Check and write the marks; 1 when a cheat isn't real."""
    marks = dict(read_marks())
    known = {change.id: change for change in read_catalogue()}
    meant = [
        change
        for change in known.values()
        if (change.name in names or change.id in names)
        or (not names and (change.id not in marks or marks[change.id].digest != digest_of(change)))
    ]
    wrong = 0
    for change in meant:
        with tempfile.TemporaryDirectory() as folder:
            mark = check(change, Path(folder))
        is_real = mark.passes_tests and (mark.ratio <= FASTER or not change.looks_faster)
        wrong += not is_real
        tests = "tests pass" if mark.passes_tests else "TESTS FAIL"
        sys.stdout.write(f"{'ok ' if is_real else 'BAD'} {change.id:<36} {tests}, {mark.ratio} of the time\n")
        sys.stdout.flush()
        marks[change.id] = mark
        kept = {name: marks[name].model_dump() for name in known if name in marks}
        head = "# Written by `python -m tests.selftest.authoring`: what was checked, and in which state.\n"
        CHECKED.write_text(head + yaml.safe_dump(kept, sort_keys=False), encoding="utf-8")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
