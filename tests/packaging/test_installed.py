"""The wheel, built from the source archive and installed alone, works from any folder, however hostile."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).parents[2]
HOSTILE = "raise SystemExit('code of the current folder was run')\n"
CARRIED = ("prompts", "examples", "agent.yaml")
QUICK = "measure: {capture_s: 0.3, process_s: 0.01, calibration_pairs: 4, pairs_min: 8, pairs_max: 8, final_s: 0}\n"
PROGRAM = """\
def count(n):
    known = list(range(0, 1000, 2))
    found = 0
    for i in range(n):
        if i in known:
            found += 1
    return found


if __name__ == "__main__":
    print(count(20000))
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as a user gets it: built from the unpacked source archive, not from the checkout."""
    out = tmp_path_factory.mktemp("dist")
    words = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(REPOSITORY)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(out.glob("*.tar.gz"))) == 1
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with this wheel; its dependencies are those of the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index"]
    subprocess.run([*install, "--quiet", str(wheel)], check=True, capture_output=True)
    ours = sysconfig.get_paths()["purelib"]
    lib = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (lib / "dependencies.pth").write_text(f"{ours}\n")
    (folder / "bin" / "py-spy").symlink_to(Path(sys.prefix) / "bin" / "py-spy")
    return folder


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with modules of our names: what a user's own project may well be called."""
    here = tmp_path / "hostile"
    (here / "tools").mkdir(parents=True)
    (here / "tools" / "__init__.py").write_text(HOSTILE)
    for name in ("agent", "json", "pydantic"):
        (here / f"{name}.py").write_text(HOSTILE)
    return here


def _run(environment: Path, here: Path, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "XDG_", "ASK_PROF"))
    }
    home = here.parent / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [str(environment / "bin" / "ask-profiler"), *map(str, words)],
        cwd=here,
        env={**kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), **more},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_prompts_settings_and_examples_travel_in_the_wheel_whole(wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *CARRIED],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    here = {name for name in tracked if name and (REPOSITORY / name).is_file()}
    with zipfile.ZipFile(wheel) as archive:
        names = [n for n in archive.namelist() if n.startswith("agent/_data/")]
        inside = {n.removeprefix("agent/_data/"): archive.read(n) for n in names}
    assert len(here) > 40
    assert set(inside) == here
    assert all(content == (REPOSITORY / name).read_bytes() for name, content in inside.items())


def test_every_module_and_file_of_the_packages_is_in_the_wheel_and_no_test(wheel: Path) -> None:
    here = {
        path.relative_to(REPOSITORY).as_posix()
        for package in ("agent", "tools")
        for path in (REPOSITORY / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        inside = {
            n for n in archive.namelist() if not n.startswith("agent/_data/") and ".dist-info/" not in n
        }
    assert inside == here


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--help"], "exit codes:"),
        (["definition"], "name: performance-profiler"),
        (["demo", "--help"], "bundled examples"),
        (["doctor"], "go patterns"),
    ],
)
def test_commands_work_from_a_folder_that_holds_modules_of_our_names(
    environment: Path, hostile: Path, words: list[str], said: str
) -> None:
    done = _run(environment, hostile, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout


def test_the_files_that_are_used_are_the_installed_ones(environment: Path, hostile: Path) -> None:
    script = (
        "from agent import resources as r\n"
        "print(r.definition_path(), r.playbook_dir(), r.settings_path(), sep='\\n')\n"
        "print(r.examples_dir() / 'daily-reports-go')\n"
    )
    words = [str(environment / "bin" / "python"), "-P", "-c", script]
    found = subprocess.run(words, cwd=hostile, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(found) == 4
    assert all(Path(path).exists() and Path(path).is_relative_to(environment) for path in found)


def test_a_target_with_modules_of_our_names_is_measured_and_improved(
    environment: Path, hostile: Path
) -> None:
    (hostile / "pyproject.toml").write_text("")
    for name in ("json", "pydantic"):  # they would break the target itself
        (hostile / f"{name}.py").unlink()
    (hostile / "app.py").write_text(PROGRAM)
    (hostile / "test_app.py").write_text(
        "import unittest\n\nimport app\n\n\nclass T(unittest.TestCase):\n"
        "    def test_count(self):\n        self.assertEqual(app.count(10), 5)\n"
    )
    settings = hostile.parent / "quick.yaml"
    settings.write_text(QUICK)
    done = _run(environment, hostile, "Why is it slow?", "--cmd", "python app.py", "--settings", settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Improved\n"), done.stdout
    assert (hostile / "app.py").read_text() == PROGRAM


def test_a_hidden_package_of_ours_is_refused_and_never_run_in_its_place(
    environment: Path, hostile: Path
) -> None:
    for name in ("agent", "json", "pydantic"):
        (hostile / f"{name}.py").unlink()
    done = _run(environment, hostile, "--help", PYTHONPATH=str(hostile))
    assert done.returncode != 0
    assert "install ask-profiler in an environment of its own" in done.stderr
    assert "code of the current folder was run" not in done.stderr
