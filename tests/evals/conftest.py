from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from evals.case import Case
from evals.checking import Checker
from tools.run.process import Runner
from tools.run.sandbox import choose_sandbox


@pytest.fixture
def runner() -> Iterator[Runner]:
    with closing(Runner(choose_sandbox("auto").sandbox)) as made:
        yield made


@pytest.fixture
def checker(tmp_path: Path, runner: Runner) -> Callable[[Case], Checker]:
    """A checker for a case, with copies under the test's own folder."""

    def make(case: Case) -> Checker:
        return Checker(case=case, folder=tmp_path, runner=runner, environment=os.environ)

    return make
