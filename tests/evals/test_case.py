"""Cases are read strictly, and the six that are shipped fit their rules."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from evals.attempt import give
from evals.case import CASES, BadCase, Case, read_case, read_cases

SHIPPED = read_cases()
MARKS = re.compile(
    r"\b(slow|faster|optimi[sz]|inefficien|quadratic|O\(n|TODO|FIXME|bottleneck|planted)", re.IGNORECASE
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CASES / "go-pages", tmp_path / "go-pages"))


def test_three_cases_for_each_language_and_one_that_cannot_be_improved() -> None:
    assert sorted(case.facts.language for case in SHIPPED) == ["go"] * 3 + ["python"] * 3
    assert sum(case.facts.unimprovable for case in SHIPPED) == 1


@pytest.mark.parametrize("case", SHIPPED, ids=lambda case: case.name)
def test_the_agent_is_given_the_target_and_nothing_that_gives_the_answer_away(
    case: Case, tmp_path: Path
) -> None:
    given = give(case, tmp_path / "place")
    names = {path.relative_to(given).as_posix() for path in given.rglob("*")}
    assert names == {
        p.relative_to(case.target).as_posix() for p in case.target.rglob("*") if "__pycache__" not in p.parts
    }
    assert not [name for name in names if "hidden" in name or name.endswith((".patch", ".yaml"))]


@pytest.mark.parametrize("case", SHIPPED, ids=lambda case: case.name)
def test_no_word_in_a_target_points_at_its_problem(case: Case) -> None:
    for path in case.target.rglob("*"):
        if path.suffix in (".go", ".py"):
            text = path.read_text(encoding="utf-8").replace("slow on purpose", "")
            assert not MARKS.search(text), path


@pytest.mark.parametrize("case", SHIPPED, ids=lambda case: case.name)
def test_the_right_bottleneck_is_a_function_of_the_target(case: Case) -> None:
    text = "".join(
        p.read_text(encoding="utf-8") for p in case.target.rglob("*") if p.suffix in (".go", ".py")
    )
    for name in case.facts.bottleneck:
        assert re.search(rf"^(?:func (?:\(.*?\) )?|def ){name}\(", text, re.MULTILINE), name


def test_an_unknown_key_is_an_error(copy: Path) -> None:
    with (copy / "case.yaml").open("a", encoding="utf-8") as file:
        file.write("unimproveable: true\n")
    with pytest.raises(BadCase, match="unimproveable"):
        read_case(copy)


def test_a_workload_is_a_benchmark_or_a_command(copy: Path) -> None:
    text = (copy / "case.yaml").read_text(encoding="utf-8")
    (copy / "case.yaml").write_text(text + "  command: [python]\n", encoding="utf-8")
    with pytest.raises(BadCase, match="either bench or command"):
        read_case(copy)


def test_a_case_without_a_reference_must_be_unimprovable(copy: Path) -> None:
    (copy / "reference.patch").unlink()
    with pytest.raises(BadCase, match=r"reference\.patch"):
        read_case(copy)


def test_a_case_without_hidden_tests_is_none(copy: Path) -> None:
    shutil.rmtree(copy / "hidden_tests")
    with pytest.raises(BadCase, match="hidden_tests is missing"):
        read_case(copy)


def test_a_name_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(BadCase, match=r"no case go-page: there are go-dependencies, go-invoices"):
        read_cases(("go-page",))
