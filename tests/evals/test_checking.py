"""The check finds what is wrong with a patch, and how fast a right one is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.patches import make_patch
from evals.case import Case, read_cases
from evals.checking import Checker, NotRight
from evals.scoring import time_of
from tools.run.process import Runner

SHIPPED = {case.name: case for case in read_cases()}
Make = Callable[[Case], Checker]


def patched(case: Case, folder: Path, runner: Runner, file: str, *changes: tuple[str, str]) -> str:
    """The patch that replaces texts in one of the target's files."""
    changed = Path(shutil.copytree(case.target, folder / "changed"))
    text = (changed / file).read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (changed / file).write_text(text, encoding="utf-8")
    return make_patch(runner, case.target, changed, (file,))


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("case", SHIPPED.values(), ids=SHIPPED)
def test_the_target_and_the_reference_pass_the_hidden_tests_and_the_reference_is_faster(
    case: Case, checker: Make
) -> None:
    found = checker(case).check("")
    assert found.tests_failed == ""
    assert found.gain == ()
    time = time_of(found.reference)
    if case.facts.unimprovable:
        assert time is None
    else:
        assert time is not None
        assert time.changed
        assert time.ratio_high < 0.6


@pytest.mark.slow
def test_an_index_that_keeps_the_last_of_equal_items_passes_the_targets_tests_but_not_the_hidden_ones(
    tmp_path: Path, runner: Runner, checker: Make
) -> None:
    case = SHIPPED["go-invoices"]
    wrong = case.reference.replace("if _, known := first[item.SKU]; !known {", "if item.SKU != lost {")
    wrong = wrong.replace(
        "first := make(map[string]int, len(items))", 'first, lost := make(map[string]int), ""'
    )
    found = checker(case).check(wrong)
    assert "TestHiddenFirstOfEqualSKUs" in found.tests_failed
    assert found.gain == ()
    assert time_of(found.reference) is not None


@pytest.mark.slow
@pytest.mark.alone
def test_a_set_remembered_from_call_to_call_is_caught(tmp_path: Path, runner: Runner, checker: Make) -> None:
    case = SHIPPED["py-newsletter"]
    trick = patched(
        case,
        tmp_path,
        runner,
        "newsletter/selection.py",
        (
            "    chosen = []\n",
            "    chosen = []\n    left = SEEN.setdefault(id(unsubscribed), set(unsubscribed))\n",
        ),
        (".address in unsubscribed", ".address in left"),
        ("def recipients(", "SEEN = {}\n\n\ndef recipients("),
    )
    found = checker(case).check(trick)
    assert "test_list_may_change_between_issues" in found.tests_failed


@pytest.mark.slow
@pytest.mark.alone
def test_a_patch_that_changes_nothing_that_matters_has_no_gain(
    tmp_path: Path, runner: Runner, checker: Make
) -> None:
    case = SHIPPED["go-pages"]
    idle = patched(
        case,
        tmp_path,
        runner,
        "text.go",
        ("return replacer.Replace(text)", "text = replacer.Replace(text)\n\treturn text"),
    )
    found = checker(case).check(idle)
    assert found.tests_failed == ""
    time = time_of(found.gain)
    assert time is not None
    assert 0.8 < time.ratio < 1.25


@pytest.mark.slow
def test_a_patch_that_does_not_build_is_named_so(tmp_path: Path, runner: Runner, checker: Make) -> None:
    case = SHIPPED["go-pages"]
    broken = patched(
        case, tmp_path, runner, "text.go", ("return replacer.Replace(text)", "return replaced(text)")
    )
    assert "undefined: replaced" in checker(case).check(broken).tests_failed


@pytest.mark.slow
@pytest.mark.alone
def test_a_patch_that_cannot_stand_inputs_it_has_not_seen_is_named_so(
    tmp_path: Path, runner: Runner, checker: Make
) -> None:
    case = SHIPPED["py-rounds"]
    fitted = patched(
        case,
        tmp_path,
        runner,
        "rounds/sharing.py",
        (
            "    finished = []\n",
            "    finished = []\n    if len(waiting) == 36000:\n        raise MemoryError\n",
        ),
    )
    assert "the hidden benchmark fails" in checker(case).check(fitted).tests_failed


def test_a_patch_that_does_not_apply_is_refused(checker: Make) -> None:
    with pytest.raises(NotRight, match="doesn't apply"):
        checker(SHIPPED["go-pages"]).copy("rslt", SHIPPED["go-invoices"].reference)


def test_a_patch_may_not_change_what_judges_it(tmp_path: Path, runner: Runner, checker: Make) -> None:
    case = SHIPPED["go-pages"]
    easier = patched(case, tmp_path, runner, "pages_test.go", ("10000}", "10}"))
    with pytest.raises(NotRight, match=r"changes pages_test\.go, which judges it"):
        checker(case).copy("rslt", easier)


def test_hidden_tests_win_over_files_of_the_same_name(tmp_path: Path, runner: Runner, checker: Make) -> None:
    case = SHIPPED["py-rounds"]
    planted = Path(shutil.copytree(case.target, tmp_path / "planted"))
    (planted / "hidden_checks").mkdir()
    (planted / "hidden_checks/benchmark.py").write_text("print('quick')\n", encoding="utf-8")
    patch = make_patch(runner, case.target, planted, ("hidden_checks/benchmark.py",))
    root = checker(case).copy("rslt", patch)
    assert (root / "hidden_checks/benchmark.py").read_bytes() == (
        case.hidden_tests / "hidden_checks/benchmark.py"
    ).read_bytes()
