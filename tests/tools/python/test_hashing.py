"""Whether something shows that values can be hashed: never a guess, and across a project's files."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools.python.rewrites.hashing import Hashing, searches
from tools.python.rewrites.project import Project

USE = "def hot(value, items):\n    return [v for v in value if v in items]\n"


def shown(root: Path, **files: str) -> tuple[bool, bool]:
    """For the search in `hot`: whether what is looked for, and the elements, are shown to be hashable."""
    for name, text in files.items():
        (root / f"{name}.py").write_text(text, encoding="utf-8")
    text = (root / "code.py").read_text(encoding="utf-8")
    ((scope, node),) = searches(text, text.index("v in items"), "items")
    hashing = Hashing(Project(root))
    return hashing.is_hashable(node.left, scope), hashing.has_hashable_elements(node.comparators[0], scope)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("hot(text.split(), ['a', 'b'])", (True, True)),
        ("hot([1, (2, 3)], range(9))", (True, True)),
        ("hot(sorted(text.split(',')), [w.lower() for w in words])", (True, True)),
        ("hot([[1]], [{'a': 1}])", (False, False)),
        ("hot(rows, items=[])", (False, True)),
        ("hot(*rows)", (False, False)),
        ("hot(names(), names())", (True, True)),
        ("hot(loaded(), loaded())", (False, False)),
    ],
)
def test_every_call_of_the_project_counts(tmp_path: Path, call: str, expected: tuple[bool, bool]) -> None:
    helpers = "def names():\n    return 'a b'.split()\n\n\ndef loaded():\n    return json.load(file)\n"
    assert (
        shown(tmp_path, code=USE, other=f"{helpers}\n\ndef main(text, words, rows):\n    {call}\n")
        == expected
    )


def test_one_caller_that_passes_something_unknown_is_enough_to_say_no(tmp_path: Path) -> None:
    calls = "def one(text):\n    hot(text.split(), text.split())\n\n\ndef two(rows):\n    hot(rows, rows)\n"
    assert shown(tmp_path, code=USE, other=calls) == (False, False)


def test_a_function_that_nothing_calls_shows_nothing(tmp_path: Path) -> None:
    assert shown(tmp_path, code=USE) == (False, False)


@pytest.mark.parametrize(
    ("note", "expected"),
    [("list[str]", True), ("Sequence[int | None]", True), ("'list[str]'", True), ("tuple[str, ...]", True),
     ("list", False), ("list[dict]", False), ("Any", False), ("dict[str, list]", False)],
)  # fmt: skip
def test_annotations_are_believed(tmp_path: Path, note: str, expected: bool) -> None:
    text = USE.replace("value, items", f"value: {note}, items: {note}")
    assert shown(tmp_path, code=text) == (expected, expected)


@pytest.mark.parametrize(("note", "expected"), [("str", True), ("datetime.date", True), ("list", False)])
def test_a_field_has_the_kind_that_its_class_says_wherever_that_is(
    tmp_path: Path, note: str, expected: bool
) -> None:
    text = USE.replace("v in items", "v.name in items")
    classes = f"class Trade:\n    name: {note}\n"
    (tmp_path / "code.py").write_text(text)
    (tmp_path / "other.py").write_text(classes)
    ((scope, node),) = searches(text, text.index("v.name in items"), "items")
    assert Hashing(Project(tmp_path)).is_hashable(node.left, scope) is expected


def test_two_classes_that_disagree_about_a_field_show_nothing(tmp_path: Path) -> None:
    text = USE.replace("v in items", "v.name in items")
    (tmp_path / "code.py").write_text(text)
    (tmp_path / "other.py").write_text("class A:\n    name: str\n\n\nclass B:\n    name: list\n")
    ((scope, node),) = searches(text, text.index("v.name in items"), "items")
    assert not Hashing(Project(tmp_path)).is_hashable(node.left, scope)


def test_functions_that_call_each_other_come_to_an_end(tmp_path: Path) -> None:
    loops = "def a(x):\n    return hot(x, b(x))\n\n\ndef b(x):\n    return a(x)\n"
    assert shown(tmp_path, code=USE, other=loops) == (False, False)


def test_files_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (:\n")
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    assert len(Project(tmp_path).modules()) == 0
    assert isinstance(ast.parse(USE), ast.Module)


@pytest.mark.parametrize(
    ("filling", "expected"),
    [("items.append(word.lower())", True), ("items.append([word])", False), ("items.extend(rows)", False),
     ("items.insert(0, {})", False), ("items[0] = []", False), ("items.append(row)", False)],
)  # fmt: skip
def test_what_is_put_into_a_list_later_counts(tmp_path: Path, filling: str, expected: bool) -> None:
    """An empty list shows nothing about what it will hold."""
    text = (
        f"def hot(value: list[str], rows, row, word):\n    items = []\n    {filling}\n"
        "    return [v for v in value if v in items]\n"
    )
    assert shown(tmp_path, code=text) == (True, expected)
