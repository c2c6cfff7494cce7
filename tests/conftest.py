"""What every test may use: goldens that `pytest --update` writes anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from evals.environments import make_light_environment

Golden = Callable[[str, str], None]
GOLDEN = Path(__file__).with_name("golden")

# What an example takes says more of the host than of the code: other tests run beside it.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` accepts what the program writes now; the change then shows in the version control's diff."""
    parser.addoption("--update", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a text with `tests/golden/<name>`; with `--update` the file becomes that text."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.is_file(), f"no golden file {name}: run pytest --update and look at what it wrote"
        assert text == path.read_text(encoding="utf-8"), f"{name} changed: pytest --update accepts it"

    return check


@pytest.fixture(scope="session")
def light_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter for targets, with pytest and no plugin."""
    return make_light_environment(tmp_path_factory.mktemp("light environment") / ".venv")
