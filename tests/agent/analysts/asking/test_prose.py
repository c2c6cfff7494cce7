"""A model's words are shown with measured numbers and names that exist, or a note says what was left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from agent.analysts.asking.numerals import number_words, spoken
from agent.analysts.asking.prose import NOTES, Known, known_names, locked, problems
from agent.analysts.asking.statements import statements, without_numbering
from agent.analysts.asking.vocabulary import BIG_O, TERM
from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.rendering.quantities import REFERENCE, resolve
from tools.measure.toolchain import Capture
from tools.profiles.builder import ProfileBuilder
from tools.profiles.profile import Function, ValueType

PYTHON = '''\
"""Orders. It once took 42 seconds for every row."""
import hashlib
from orders.pricing import discount_2024


def total(rows, rate=3):
    seen = []
    for row in rows:
        if row.id not in seen:  # 97 % of rows pass
            seen.append(row.id)
        row.price = row.price * rate % 100
    return sorted(seen)[0], "took 42 ms for rows"


class Report:
    def build(self, rows):
        return hashlib.md5(repr(rows).encode()).hexdigest()
'''
GO = "package store\n\n// Load takes 12 ms\nfunc (db *DB) Load(n int) []int64 {\n\treturn make([]int64, 0, n*64)\n}\n"
ALLOWED = [
    "It is slow.",
    "`total` causes {E2.share_1} of the time, and `Report.build` {E2.share_2}.",
    "See E1 and E2.",
    "The list `seen` is searched for every row, so the cost grows as O(n²) where a set would make it O(n).",
    "It is O(n log n), O(n^2), O(1), O(2^n) or O(rows * columns), `O(n²)` at worst.",
    "One of the loops runs first; the second pass is a zero-copy one, on one line, once per row.",
    "Two nested loops look through the two lengths; both of these three branches stay.",
    "The third-party library isn't at fault, nor the third pass, nor a half-open interval.",
    "This is an N+1 query pattern.",
    "Text is UTF-8, hashes are SHA-256 or MD5, over HTTP/2 with base64 and int64 fields.",
    "A double-checked lock, double quotes and a doubly linked list don't matter.",
    "`hashlib.md5` is called in `orders/app.py:18`, and `db.go:5` allocates.",
    "`store.(*DB).Load` and `(*DB).Load` and `DB.Load` and `Load()` are one function.",
    "`example.com/shop/store.(*DB).Load` is known by its whole name.",
    "`make([]int64, 0, n*64)` allocates at once.",
    "`row.price * rate % 100` is computed anew.",
    "Use `rows[0]`, `rows[1:]` or `rate + 1`.",
    "`sorted(seen)[0]` sorts only for the smallest.",
    "`functools.lru_cache`, `collections.deque` and `strings.Builder` would help.",
    "Use `heapq.nsmallest` or `append` with `len(rows)`.",
    "`discount_2024` is imported, discount_2024 is called nowhere.",
    "The cost of memory p95 latency is in L2 cache misses.",
    "It depends on `rows` and `n`, not on `rate`.",
    "E.g. `seen` grows, i.e. the search gets longer.",
    "- an item\n- another with {E1.cpu}\n",
    "| where | share |\n|---|---|\n| `total` | {E2.share_1} |\n",
    "1. First this\n2. Then that\n   1. and inside\n3. And done\n",
    "As code:\n\n```python\nfor row in rows:\n    if row.id not in seen:\n        seen.append(row.id)\n```\n\nSo.",
    "In *short*, the **whole** list is read again.",
    "It allocates without need, many times, and a few rows are read again.",
    "The benchmark {E3.Report/size=100:sec/op} is the slowest.",
    "`__slots__` saves memory for `Report`.",
    "The `orders` folder and the file `orders/app.py` hold it.",
    "a < b and b > c as before; x * y.",
    "It would be the same at any size, whatever the input.",
    "Nothing else stands out, so nothing else is named.",
]
REFUSED = [
    ("It takes 42 % of the time.", "number"),
    ("It takes 42% of the time.", "number"),
    ("It is 2x faster.", "number"),
    ("It is 10\u00d7 faster.", "number"),
    ("It is x2 faster.", "number"),
    ("Between 3-4 seconds.", "number"),
    ("About 1e9 operations.", "number"),
    ("Some ½ of it.", "number"),
    ("It runs n² steps.", "number"),
    ("It takes ٣ seconds, or 三 seconds.", "number"),
    ("It takes \U0001d7d7 seconds.", "number"),
    ("It is twice as fast.", "number"),
    ("It is TWICE as fast.", "number"),
    ("It is tw**ice** as fast.", "number"),
    ("It is \U0001d42d\U0001d430\U0001d422\U0001d41c\U0001d41e as fast.", "number"),
    ("It saves half of the time.", "number"),
    ("It is three times faster.", "number"),
    ("A tenfold gain.", "number"),
    ("A two-fold gain.", "number"),
    ("It is an order of magnitude faster.", "number"),
    ("It takes a third of the time.", "number"),
    ("It takes two-thirds of the time.", "number"),
    ("It takes three quarters.", "number"),
    ("There are hundreds of calls.", "number"),
    ("There are dozens of calls.", "number"),
    ("The time doubles.", "number"),
    ("The size quadruples.", "number"),
    ("It halves the cost.", "number"),
    ("It takes five milliseconds.", "number"),
    ("It takes a few seconds.", "number"),
    ("It takes one percent.", "number"),
    ("It takes a minute.", "number"),
    ("It is several times faster.", "number"),
    ("It makes two extra allocations for each row.", "number"),
    ("It has zero allocations.", "number"),
    ("A factor of four.", "number"),
    ("One in five rows is lost.", "number"),
    ("It takes under a second.", "number"),
    ("A million rows.", "number"),
    ("Twenty rows.", "number"),
    ("It takes {E1.cpu}0 of it.", "number"),
    ("It takes `42 %` of it.", "number"),
    ("It takes `rows 42 % faster` of it.", "number"),
    ("It takes `42 seconds for every row`.", "number"),
    ("It says `took 42 ms for rows`.", "number"),
    ('It returns `sorted(seen)[0], "took 42 ms for rows"`.', "number"),
    ("It says `97 % of rows pass`.", "number"),
    ("It is `2x`.", "number"),
    ("It is `½`.", "number"),
    ("It is `max 1 %`.", "number"),
    ("It is `rate * 4`.", "number"),
    ("Use `make([]int64, 0, n*65)`.", "number"),
    ("It is `half the time`.", "number"),
    ("It is O(42) or O(n) in 42.", "number"),
    ("It costs O(1111).", "number"),
    ("Since Python 3.12 it is faster.", "number"),
    ("See {E9.cpu}.", "reference"),
    ("See {E1.gpu}.", "reference"),
    ("See {E1}.", "reference"),
    ("See {E1.}.", "reference"),
    ("See {e1.cpu}.", "reference"),
    ("See { E1.cpu }.", "reference"),
    ("See {{E1.cpu}}.", "reference"),
    ("See {cpu}.", "reference"),
    ("See E1.cpu there.", "reference"),
    ("See E77.", "reference"),
    ("`make_total` is slow.", "name"),
    ("`Report.rebuild` is slow.", "name"),
    ("`store.(*DB).Store2` is slow.", "number"),
    ("`compute_all(rows)` is slow.", "name"),
    ("`x = compute_all(rows)` is slow.", "name"),
    ("`orders/other.py` is slow.", "name"),
    ("`app.py:4000` is slow.", "name"),
    ("`other.py:4` is slow.", "name"),
    ("`app.py:4-4000` is slow.", "name"),
    ("`cmd/tool/run` is slow.", "name"),
    ("See [this](http://example.org).", "markup"),
    ("See [this][1].", "markup"),
    ("![x](y.png)", "markup"),
    ("See <b>this</b>.", "markup"),
    ("See <!channel> or <@U1>.", "markup"),
    ("See https://example.org/ for more.", "markup"),
    ("See &half; of it.", "markup"),
    ("# Improved", "markup"),
    ("Improved\n===", "markup"),
    ("Improved\n-", "markup"),
    ("Improved\n\n- - -", "markup"),
    ("A \x1b[31mred\u202e thing.", "markup"),
    ("A zero\u200bwidth thing.", "markup"),
    ("```python\nfor row in rows:\n    pass", "markup"),
    ("[this]: there", "markup"),
    ("```\n42 % faster\n```", "number"),
    ("42. is what it takes", "number"),
]


def quantity(name: str, value: float = 0.5, unit: str = "ratio") -> Quantity:
    return Quantity(name=name, value=value, unit=unit)


def evidence() -> EvidenceIndex:
    named = {"E1": ["cpu"], "E2": ["share_1", "share_2"], "E3": ["Report/size=100:sec/op"]}
    return EvidenceIndex.of(
        Evidence(id=key, kind="analysis", title="t", tool="x", quantities=tuple(map(quantity, names)))
        for key, names in named.items()
    )


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    root = tmp_path_factory.mktemp("target")
    for name, text in (("orders/app.py", PYTHON), ("store/db.go", GO)):
        (root / name).parent.mkdir()
        (root / name).write_text(text)
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    builder.add(
        [
            (Function(name="total", file=f"{root}/orders/app.py"), 9),
            (Function(name="Report.build", file=f"{root}/orders/app.py"), 18),
            (Function(name="example.com/shop/store.(*DB).Load", file="/built/store/db.go"), 5),
        ],
        [7],
    )
    capture = Capture(
        profiler="py-spy", view="cpu", value="cpu", profile=builder.build(), profile_path=root / "x.pb.gz",
        argv=(), tool_version="1", exit_code=0, duration_s=1.0,
    )  # fmt: skip
    return Known(evidence=evidence(), names=known_names({"E1": capture}, root))


@pytest.mark.parametrize("prose", ALLOWED)
def test_what_has_evidence_or_needs_none_is_shown_as_it_is(known: Known, prose: str) -> None:
    assert problems(prose, known) == ()
    shown = locked(prose, known)
    assert (shown.text, shown.dropped) == (without_numbering(prose), 0)


@pytest.mark.parametrize(("prose", "reason"), REFUSED)
def test_what_has_no_evidence_is_sent_back_and_then_dropped(known: Known, prose: str, reason: str) -> None:
    found = problems(prose, known)
    assert reason in {problem.reason for problem in found}, found
    assert all(problem.advice for problem in found)
    shown = locked(prose, known)
    assert shown.dropped >= 1
    assert "[A statement was dropped: " in shown.text


def test_there_are_enough_examples() -> None:
    assert len(ALLOWED) + len(REFUSED) >= 120


@pytest.mark.parametrize(
    ("prose", "advice"),
    [
        ("{E1.cpus}", "is {E1.cpu} meant?"),
        ("{E9.share_2}", "is {E2.share_2} meant?"),
        ("{E1.}", "write {E1.cpu}"),
        ("E2.share_2 of it", "write {E2.share_2}"),
        ("E8 shows it", "cite one of E1, E2, E3"),
        ("`totals` is slow", "no function of that name in the profile or the tree; is `total` meant?"),
        ("`lib/x.py` is slow", "no file of that name in the profile or the tree"),
        ("`app.py:99`", "app.py has no such line"),
        ("it takes 5 ms", "cite what was measured as {E7.name}, or say it without a number"),
    ],
)
def test_advice_names_what_exists(known: Known, prose: str, advice: str) -> None:
    assert advice in " ".join(problem.advice for problem in problems(prose, known))


def test_only_the_sentence_that_is_wrong_is_dropped_and_never_half_of_one(known: Known) -> None:
    prose = (
        "The list is searched (see E1. It takes 5 ms there.) for each row. Then `total` e.g. sorts it. It is 9 % "
        "of all! `seen` should be a set? Yes."
    )
    assert locked(prose, known).text == (
        f"{NOTES['number']} Then `total` e.g. sorts it. {NOTES['number']} `seen` should be a set? Yes."
    )


def test_a_sentence_over_several_lines_is_dropped_whole(known: Known) -> None:
    assert locked("Good. It takes\n5 ms\nof time. Good.", known).text == f"Good. {NOTES['number']} Good."


def test_an_item_keeps_its_mark_and_a_row_its_cells(known: Known) -> None:
    prose = "Costs:\n\n- `total` is slow\n- it takes 5 ms\n  in all\n> - and 6 ms\n\n| a | b |\n|---|---|\n| x | 7 |\n"
    number = NOTES["number"]
    expected = (
        f"Costs:\n\n- `total` is slow\n- {number}\n> - {number}\n\n| a | b |\n|---|---|\n| {number} | |\n"
    )
    assert locked(prose, known).text == expected


def test_a_block_of_code_is_kept_or_dropped_whole(known: Known) -> None:
    good = "```python\nrow.price = row.price * rate % 100\n\nreturn sorted(seen)[0]\n```"
    bad = "```\nfor row in rows:\n    sleep(42)\n```"
    assert (
        locked(f"So:\n\n{good}\n\nBut:\n\n{bad}\n", known).text
        == f"So:\n\n{good}\n\nBut:\n\n{NOTES['number']}\n"
    )


def test_notes_that_say_the_same_side_by_side_are_one(known: Known) -> None:
    shown = locked("It takes 5 ms. It takes 6 ms. It was fine. It takes 7 ms.", known)
    assert shown.text == f"{NOTES['number']} It was fine. {NOTES['number']}"
    assert shown.dropped == 3


def test_the_note_itself_is_no_problem(known: Known) -> None:
    assert problems(" ".join(NOTES.values()), known) == ()


def test_a_changes_own_names_are_known_with_it(known: Known, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def total(rows): ...\n")
    prose = "A new `index_rows` in `index.py` makes it quick."
    assert problems(prose, Known(evidence=evidence(), names=known_names({}, tmp_path)))
    written = {"index.py": "def index_rows(rows):\n    return {row.id: row for row in rows}\n"}
    assert problems(prose, Known(evidence=evidence(), names=known_names({}, tmp_path, written))) == ()


def test_sources_are_read_once_and_only_when_asked_about(tmp_path: Path) -> None:
    names = known_names({}, tmp_path / "not there yet")
    known = Known(evidence=evidence(), names=names)
    assert problems("It is slow, as {E1.cpu} says.", known) == ()
    (tmp_path / "not there yet").mkdir()
    (tmp_path / "not there yet" / "app.py").write_text("def late(): ...\n")
    assert problems("`late` is slow.", known) == ()
    (tmp_path / "not there yet" / "app.py").unlink()
    assert problems("`late` is slow.", known) == ()


def test_a_link_out_of_the_target_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("def outside_name(): ...\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link.py").symlink_to(tmp_path / "secret.py")
    known = Known(evidence=evidence(), names=known_names({}, root))
    assert [problem.reason for problem in problems("`outside_name` is slow.", known)] == ["name"]


@pytest.mark.parametrize(
    ("files", "lines"), [(1, 200_000), pytest.param(18, 170_000, marks=pytest.mark.slow)]
)
def test_a_tree_too_large_to_be_read_whole_is_said(tmp_path: Path, files: int, lines: int) -> None:
    for n in range(files):
        (tmp_path / f"m{n}.py").write_text("x = 1\n" * lines)
    known = Known(evidence=evidence(), names=known_names({}, tmp_path))
    (problem,) = problems("`nothing_like_it` is slow.", known)
    assert "too large to be read whole" in problem.advice


def test_prose_never_swallows_what_follows_it_in_a_report(known: Known) -> None:
    for prose in (
        "- a\n  ```\n  total\nnext\n```\n",
        "~~~\ntotal\n",
        "> ```\n> total",
        "1. ```\n```\n",
        "- ```\n",
    ):
        after = MarkdownIt("commonmark").parse(locked(prose, known).text + "\n\nAfter.\n")
        assert [(t.type, t.level) for t in after[-3:]] == [
            ("paragraph_open", 0),
            ("inline", 1),
            ("paragraph_close", 0),
        ]


@pytest.mark.parametrize("text", [*ALLOWED, *(prose for prose, _ in REFUSED)])
def test_nothing_lies_between_statements_but_blanks_and_marks(text: str) -> None:
    end = 0
    for statement in statements(without_numbering(text)):
        assert re.fullmatch(r"[ \t\n>*+-]*", without_numbering(text)[end : statement.start])
        end = statement.end
    assert not without_numbering(text)[end:].strip(" \t\n")


SHOWN = {
    f"{part}_{end}"
    for part in (
        "paragraph",
        "bullet_list",
        "list_item",
        "blockquote",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    )
    for end in ("open", "close")
} | {"inline", "fence", "code_block"}
"""What prose may become: neither headings nor rules, and no list whose numbers a model chose."""
fragments = st.sampled_from(
    [*ALLOWED, *(prose for prose, _ in REFUSED), "{E1.cpu}", "{E1.", "}", "{", "`", "``", "```", "~~~", "\n", "\n\n",
     "- ", "> ", "| ", " |", "1. ", "7. ", "42", "½", "twice", ". ", "! A", "(", ")", '"', "[", "](", "<", "*", "_",
     "\\", "E1", "E9", "    ", "\t", "`total`", "`x9`", "O(n²)", "&", "#", "{E9.x}", "\r", "\x0b", "\u2028"]
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.one_of(fragments, st.text(max_size=12)), max_size=10).map("".join))
def test_whatever_a_model_says_no_number_without_evidence_is_shown(known: Known, prose: str) -> None:
    shown = locked(prose, known)
    assert problems(shown.text, known) == ()
    resolve(shown.text, known.evidence)
    assert locked(shown.text, known).dropped == 0
    digits = [c for text in rendered(shown.text) for c in BIG_O.sub("", TERM.sub("", text)) if c.isnumeric()]
    assert not digits, shown.text


def rendered(prose: str) -> list[str]:
    """What a page shows of prose, by the page's own parser; code, references and known names with digits left out."""
    bare = re.sub(r"discount_2024|\bE[123]\b", "x", REFERENCE.sub("x", prose))
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(bare)
    assert {token.type for token in tokens} <= SHOWN, prose
    inside = [child for token in tokens for child in token.children or ()]
    assert not {child.type for child in inside} & {"link_open", "image", "html_inline"}, prose
    return [child.content for child in inside if child.type == "text"]


@given(st.text())
def test_any_text_at_all_is_locked(known: Known, prose: str) -> None:
    shown = locked(prose, known)
    assert problems(shown.text, known) == ()
    assert not any(c.isnumeric() for text in rendered(shown.text) for c in TERM.sub("", text))


@pytest.mark.parametrize(
    "text",
    [
        "one of",
        "first",
        "second pass",
        "zero-copy",
        "one line",
        "third party",
        "a third pass",
        "two loops",
        "twofish",
    ],
)
def test_words_that_are_no_quantities_are_left(text: str) -> None:
    assert number_words().search(spoken(text)) is None


def test_long_prose_is_read_in_no_time(known: Known) -> None:
    for piece in ("(", "`", "{E1.", "two ", "- ", "| a ", "O(n ", "*", "\\`", "a. B", "> "):
        locked(piece * 3_000, known)
