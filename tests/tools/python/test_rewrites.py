"""Each rewrite gives code that does the same; what isn't surely the same is refused, with the reason."""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.python.cases import PATTERNS, Case, read_cases, rewritten
from tools.patterns.pattern import NotSafe, Rewritten
from tools.python.rewrites.rewriter import REWRITES

CASES = read_cases("rewrites")
ACCEPTED = [c for c in CASES if c.judged == "accepted"]
REFUSED = [c for c in CASES if c.judged == "refused"]


def new_source(case: Case, root: Path, source: str | None = None) -> str:
    """The accepted case after its rewrite."""
    outcome = rewritten(source if source is not None else case.source, PATTERNS[case.pattern], root)
    assert isinstance(outcome, Rewritten), outcome
    assert outcome.functions == ("hot",)
    (text,) = outcome.files.values()
    assert isinstance(text, str)
    return text


def program(source: str, file: Path | None = None) -> types.SimpleNamespace:
    """The module that a source makes; imports of modules that aren't there are left out."""
    names: dict[str, Any] = {"FILE": str(file) if file else ""}
    lines = [line for line in source.splitlines() if not line.startswith("from daily import")]
    exec(compile("\n".join(lines) + "\n", "case", "exec", dont_inherit=True), names)
    return types.SimpleNamespace(**names)


def outcome_of(function: Callable[..., object], arguments: tuple[object, ...]) -> tuple[str, str]:
    """What a call gives (or the kind of error it ends by), and its arguments afterwards."""
    try:
        result = shown(function(*arguments))
    except Exception as error:
        result = f"raises {type(error).__name__}"
    return result, shown(arguments)


def shown(value: object) -> str:
    """A value as text that equal values of the same types share; plain `repr` tells a set's order."""
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}{sorted(map(repr, value))}"
    return repr(value)


def test_every_rewrite_has_accepted_and_refused_cases() -> None:
    assert len(ACCEPTED) + len(REFUSED) == len(CASES)
    for cases in (ACCEPTED, REFUSED):
        assert {PATTERNS[c.pattern].spec.rewrite.name for c in cases} == set(REWRITES)
    assert len({str(c) for c in CASES}) == len(CASES)


@pytest.mark.parametrize("case", ACCEPTED, ids=str)
def test_a_rewritten_program_gives_the_same(
    case: Case, tmp_path: Path, golden: Callable[[str, str], None]
) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("head\none\nend\nlast\n")
    text = new_source(case, tmp_path)
    before, after = program(case.source, file), program(text, file)
    assert before.INPUTS()
    for arguments, again in zip(before.INPUTS(), after.INPUTS(), strict=True):
        assert outcome_of(after.hot, again) == outcome_of(before.hot, arguments)
    golden(f"python-rewrites/{case.pattern}/{case.name.replace(' ', '-').replace(',', '')}.txt", text)


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_may_not_be_the_same_is_refused_with_the_reason(case: Case, tmp_path: Path) -> None:
    compile(case.source, "case", "exec", dont_inherit=True) if "not be valid" not in case.reason else None
    outcome = rewritten(case.source, PATTERNS[case.pattern], tmp_path)
    assert isinstance(outcome, NotSafe), next(iter(outcome.files.values()))
    assert case.reason
    assert case.reason in outcome.why


@pytest.mark.parametrize("case", ACCEPTED, ids=str)
@pytest.mark.parametrize(
    "style",
    [
        lambda source: source.replace("\n", "\r\n"),
        lambda source: source.replace("    ", "\t"),
        lambda source: "\ufeff" + source,
        lambda source: source.rstrip("\n"),
    ],
    ids=["CRLF", "tabs", "byte order mark", "no last newline"],
)
def test_a_file_keeps_its_style(case: Case, style: Callable[[str], str], tmp_path: Path) -> None:
    """Line ends, indentation and the byte order mark are those of the file, in new lines, too."""
    assert new_source(case, tmp_path, style(case.source)) == style(new_source(case, tmp_path))


@pytest.mark.parametrize("case", ACCEPTED, ids=str)
def test_comments_and_line_lengths_stay(case: Case, tmp_path: Path) -> None:
    text = new_source(case, tmp_path)
    for line in case.source.splitlines():
        if "#" in line:
            assert "#" + line.partition("#")[2] in text
    longest = max(map(len, case.source.splitlines()))
    assert max(map(len, text.splitlines())) <= max(120, longest)


def test_a_line_that_would_be_too_long_is_refused(tmp_path: Path) -> None:
    name = "a_rather_long_name_for_a_list_of_words_that_nobody_wants_to_read"
    loop = f"    n = 0\n    for word in words:\n        n += word in {name}\n    return n\n"
    calls = "\n\ndef report(text):\n    return hot(text.split(), text.split())\n"
    source = f"def hot(words, {name}):\n{loop}{calls}"
    outcome = rewritten(source, PATTERNS["membership-test-in-list"], tmp_path)
    assert isinstance(outcome, NotSafe)
    assert "longer than 120" in outcome.why


def test_the_rewriter_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    new_source(ACCEPTED[0], tmp_path)
    assert (tmp_path / "code.py").read_text(encoding="utf-8") == ACCEPTED[0].source


WORDS = st.lists(st.text("abAB é", max_size=3), max_size=12)
NUMBERS = st.lists(st.integers(-9, 9), max_size=12)
ANYTHING: dict[str, st.SearchStrategy[Any]] = {
    "linear-search-in-loop: by a field of a dataclass": st.tuples(
        st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 9)), max_size=20)
    ),
    "membership-test-in-list: a parameter without annotation": st.tuples(
        WORDS, WORDS | WORDS.map(tuple) | WORDS.map(set) | st.text("abé") | st.none()
    ),
    "membership-test-in-list: a list made in the function, two tests": st.tuples(NUMBERS),
    "string-concatenation-in-loop: starts with a head, used after the loop": st.tuples(WORDS | NUMBERS),
    "list-pop-front: a queue of tasks": st.tuples(NUMBERS),
    "list-pop-front: put in front, looked at, and gone through, without any import so far": st.tuples(
        st.lists(st.sampled_from(["a", "b", "end", "stop"]), max_size=8)
    ),
    "list-built-by-append: with a condition": st.tuples(NUMBERS),
    "list-made-for-a-reduction: a sum, with a comma after the list": st.tuples(NUMBERS),
    "sorting-for-the-smallest: the first three by a key": st.tuples(WORDS),
    "regular-expression-compiled-per-call: substitution": st.tuples(st.text("ab ", max_size=12)),
    "format-call: fields in order": st.tuples(
        st.text() | st.integers(), st.fixed_dictionaries({"x": st.text() | st.none()})
    ),
}


@pytest.mark.parametrize("name", ANYTHING)
def test_a_rewritten_program_gives_the_same_for_anything(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (case,) = [c for c in ACCEPTED if str(c) == name]
    before = program(case.source)
    after = program(new_source(case, tmp_path_factory.mktemp("case")))

    @settings(max_examples=100, database=None)
    @given(ANYTHING[name])
    def check(arguments: tuple[Any, ...]) -> None:
        import copy

        again = copy.deepcopy(arguments)
        assert outcome_of(after.hot, again) == outcome_of(before.hot, arguments)

    check()
