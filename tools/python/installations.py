"""Which folders a Python program may have shown to it: its installation and libraries, nothing of the user's.

What an interpreter says of itself decides what the sandbox shows. One that came with the target may say anything
(a `.venv` in a repository, a `.pth` file with `/` in it), so every answer is held against the disk here.
"""

from __future__ import annotations

from pathlib import Path

LANDMARKS = ("lib*/python3*/os.py", "lib*/pypy3*/os.py", "lib*-python/3*/os.py")


def is_installation(folder: Path) -> bool:
    """Whether a folder holds Python's own library, and isn't the user's home or above it."""
    return not holds_home(folder) and any(next(folder.glob(mark), None) for mark in LANDMARKS)


def is_environment(folder: Path) -> bool:
    """Whether a folder is a virtual environment, and isn't the user's home or above it."""
    return not holds_home(folder) and (folder / "pyvenv.cfg").is_file()


def places_of(program: Path) -> tuple[Path, ...]:
    """What must be shown for a program to start: its environment, the installation that its links lead to and the
    one that its environment names; of folders that are neither, the program's own file alone.
    """
    found = [folder for folder in (program.parent.parent,) if is_environment(folder)]
    homes = [_named_home(folder) for folder in found]
    bases = [
        program.parent.parent,
        program.resolve().parent.parent,
        *(h.parent for h in homes if h is not None),
    ]
    found += [base for base in bases if is_installation(base)]
    files = [p for p in (program, program.resolve()) if not any(p.is_relative_to(f) for f in found)]
    return tuple(dict.fromkeys([*found, *files]))


def may_be_imported(folder: Path) -> bool:
    """Whether a folder on the import path may be shown: it holds modules at its top and isn't the user's home,
    above it, or in a hidden folder of it, where keys and settings are.
    """
    if holds_home(folder):
        return False
    real, home = folder.resolve(), Path.home().resolve()
    if real.is_relative_to(home) and any(part.startswith(".") for part in real.relative_to(home).parts):
        return False
    if real.is_file():
        return real.suffix in (".zip", ".egg")
    return any(next(real.glob(pattern), None) for pattern in ("*.py", "*/*.py", "*.so"))


def holds_home(folder: Path) -> bool:
    """Whether showing a folder would show the user's home; the system's own folder is shown in any case."""
    real = folder.resolve()
    return Path.home().resolve().is_relative_to(real) and not real.is_relative_to("/usr")


def _named_home(environment: Path) -> Path | None:
    """The folder of the interpreter that an environment was made with, as its pyvenv.cfg says."""
    try:
        text = (environment / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            return Path(value.strip())
    return None
