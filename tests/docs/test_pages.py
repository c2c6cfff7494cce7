"""All pages: links lead somewhere, decisions have their three parts, dependencies are named, words are plain."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, code_words, read, rows, section

_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_MACHINE = re.compile(r"(?<![\w.])/(home|root|work|Users|tmp/\w)")
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))


def broken_links(page: Path, text: str) -> list[str]:
    """Links of a page to files or headings that aren't there."""
    found = []
    for link in _LINK.findall(text):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            found.append(link)
    return found


def _anchors(file: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


def dependencies() -> set[str]:
    """Every direct dependency, optional and development's ones included."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    optional = settings["project"]["optional-dependencies"].values()
    groups = [settings["project"]["dependencies"], settings["dependency-groups"]["dev"], *optional]
    wanted = [name for group in groups for name in group]
    return {re.split(r"[<>=~!\[; ]", name, maxsplit=1)[0] for name in wanted}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


def test_a_link_to_nowhere_is_seen() -> None:
    page = DOCS / "architecture.md"
    assert broken_links(page, "[a](guides/cli.md#files-of-a-run) [b](nowhere.md) [c](ranking.md#no)") == [
        "nowhere.md",
        "ranking.md#no",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_page_has_no_long_dash_and_no_path_of_somebodys_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert "\u2014" not in text
    assert not _MACHINE.search(text)


def test_a_path_of_somebodys_machine_is_seen() -> None:
    assert _MACHINE.search("Report: /home/someone/report.html")
    assert not _MACHINE.search("docs/home/x and `~/.cache` and a private `/tmp`")


@pytest.mark.parametrize("page", DECISIONS, ids=lambda p: p.stem)
def test_a_decision_has_context_decision_and_consequences_on_one_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 70
    assert f"]({page.name})" in read("decisions/README.md")
    title = text.splitlines()[0].partition(". ")[2]
    assert f". [{title}](" in read("decisions/README.md")


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(p.name[:4]) for p in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_every_direct_dependency_has_its_reason_and_no_other_is_named() -> None:
    pages = ("decisions/0010-dependencies.md", "decisions/0019-dependencies-of-the-service.md")
    told = [row for page in pages for row in rows(section(read(page), "Decision"))]
    assert {code_words(cells[0])[0] for cells in told} == dependencies()
    assert {"numpy", "scipy-stubs"} <= dependencies()
    assert all(len(cells[1]) >= 5 for cells in told)


def test_the_changelog_has_an_unreleased_part() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert section(text, "[Unreleased]").strip()


def test_the_readme_names_make_targets_that_exist_and_links_every_guide() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)", text))
    assert {"demo", "test"} <= targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    for guide in [*(DOCS / "guides").glob("*.md"), *DOCS.glob("*.md")]:
        assert guide.relative_to(ROOT).as_posix() in text, guide.name
