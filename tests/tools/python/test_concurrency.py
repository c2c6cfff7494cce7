"""A Python program is pinned to one processor only where nothing of it could use a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.python.concurrency import is_sequential

HONEST = "import json, re\nfrom app.reading import read\nfrom . import other\nimport pytest\n"


def project(root: Path, code: str) -> Path:
    (root / "app").mkdir()
    (root / "app" / "__init__.py").write_text("")
    (root / "app" / "reading.py").write_text(
        "import csv\n\n\ndef read():\n    '''threading.Thread() in words.'''\n"
    )
    (root / "main.py").write_text(code)
    return root


def test_the_standard_library_and_own_modules_use_one_processor(tmp_path: Path) -> None:
    assert is_sequential(project(tmp_path, HONEST))


@pytest.mark.parametrize(
    "code",
    ["import threading\n", "from concurrent.futures import ThreadPoolExecutor\n", "import multiprocessing.pool as p\n",
     "import os\n\nos.fork()\n", "from os import spawnl\n", "import os\n\nos.system('true')\n", "import asyncio\n",
     "m = __import__('threading')\n", "import importlib\n", "import numpy\n", "from yaml import safe_load\n",
     "def f(:\n"],
)  # fmt: skip
def test_what_may_use_more_or_cannot_be_known_gets_all_processors(tmp_path: Path, code: str) -> None:
    assert not is_sequential(project(tmp_path, HONEST + code))


def test_a_file_that_leads_out_of_the_project_is_not_taken_for_sequential(tmp_path: Path) -> None:
    root = project(tmp_path, HONEST)
    (tmp_path / "elsewhere").write_text("import threading\n")
    (root / "linked.py").symlink_to(tmp_path / "elsewhere")
    assert not is_sequential(root)


def test_an_environment_in_the_project_is_not_the_projects_code(tmp_path: Path) -> None:
    root = project(tmp_path, HONEST)
    (root / "env" / "lib").mkdir(parents=True)
    (root / "env" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (root / "env" / "lib" / "a.py").write_text("import threading\n")
    assert is_sequential(root)
