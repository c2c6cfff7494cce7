"""Parts of pages that are made from the code: compared, or written anew with `pytest --update`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.docs.pages import DOCS, made_part, read, with_made_part

MadePart = Callable[[str, str, str], None]


@pytest.fixture
def made(request: pytest.FixtureRequest) -> MadePart:
    """Compares the part `name` of a page with what the code says now; with `--update` it becomes that."""

    def check(page: str, name: str, now: str) -> None:
        text = read(page)
        if request.config.getoption("--update"):
            (DOCS / page).write_text(with_made_part(text, name, now), encoding="utf-8")
            return
        assert made_part(text, name) == now, f"docs/{page} is behind the code: pytest tests/docs --update"

    return check
