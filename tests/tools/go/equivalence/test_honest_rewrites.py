"""The playbook's own rewrites show no difference, neither on recorded calls nor on made-up ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tools.go.equivalence.conftest import Compare, compared, reasons, write
from tests.tools.go.test_rewrites import ACCEPTED, CASES, PLAYBOOK, first_finding
from tools.go.rewrites.rewriter import GoRewriter
from tools.patterns.pattern import Rewritten, load_patterns

TOP_LEVEL = re.compile(r"^(?:func|type|var|const) (\w+)", re.MULTILINE)


@pytest.mark.slow
def test_no_rewrite_of_the_playbook_shows_a_difference(
    compare: Compare, rewriter: GoRewriter, tmp_path: Path
) -> None:
    patterns = {pattern.id.removeprefix("go/"): pattern for pattern in load_patterns(PLAYBOOK, "go")}
    sources = {f"c{number}/code.go": (CASES / name).read_text() for number, name in enumerate(ACCEPTED)}
    write(tmp_path, sources)
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for number, name in enumerate(ACCEPTED):
        file = f"c{number}/code.go"
        outcome = rewriter.rewrite(first_finding(tmp_path, file, patterns[name.split("/")[0]]), tmp_path)
        assert isinstance(outcome, Rewritten)
        (text,) = outcome.files.values()
        assert isinstance(text, str)
        place = f"case{number}.go"
        before[place], after[place] = renamed(sources[file], number), renamed(text, number)
    calls = "\n".join(f"\tResult{number}()" for number in range(len(ACCEPTED)))
    before["case_test.go"] = (
        f'package fixture\n\nimport "testing"\n\nfunc TestResults(t *testing.T) {{\n{calls}\n}}\n'
    )
    found = compare(before, after, seconds=6.0, generated=40)
    assert found.differences == ()
    assert reasons(found) == {}
    assert len([name for name in compared(found) if "hot" in name]) == len(ACCEPTED)
    assert sum(generated for _, generated in compared(found).values()) > 15 * len(ACCEPTED)


def renamed(text: str, number: int) -> str:
    """The case with a number behind every name of its package, so that all can be in one."""
    names = set(TOP_LEVEL.findall(text)) - {"init", "_"}
    return re.sub(rf"(?<![.\w])({'|'.join(names)})(?!\w)", rf"\g<1>{number}", text)
