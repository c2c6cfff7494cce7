"""Where a recorded profile comes from: its language, and what of it is the program's own code.

A profile tells neither. Its functions and files do: Go names a package with its import path, Python a file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tools.measure.workload import Language
from tools.profiles.ownership import DEPENDENCY_PARTS, OwnCode
from tools.profiles.profile import Function, Profile
from tools.profiles.queries import function_costs

NOWHERE = Path("/nowhere")
"""A root that holds nothing: whose code it is can't be told."""
_GO_MAIN = "main.main"
_HOSTED = re.compile(r"^([a-z0-9.-]+\.[a-z]{2,}(?:/[^/.]+){1,2})(?:[/.]|$)", re.IGNORECASE)
"""A Go function's module, as far as its name tells: host, owner and repository."""
_PYTHON_LIBRARY = re.compile(r"(^|/)(lib(64)?/)?python3(\.\d+)?/")
_MODULE_CACHE = re.compile(r"/pkg/mod/|@v\d")


def language_of(profile: Profile) -> Language | None:
    """The language that most of the cost's functions are written in; None where neither Go nor Python is."""
    _, cumulative = function_costs(profile, profile.default_value)
    found: Counter[Language] = Counter()
    for function, cost in zip(profile.functions, cumulative.tolist(), strict=True):
        if function.file.endswith(".go") or function.name.startswith(("runtime.", "main.")):
            found["go"] += abs(cost)
        elif function.file.endswith((".py", ".pyx")) or function.file.startswith("<"):
            found["python"] += abs(cost)
    return found.most_common(1)[0][0] if found.total() else None


def own_code_of(profile: Profile, language: Language) -> OwnCode:
    """What counts as the recorded program's own code, as far as names and files tell.

    Go: the folder of the program's main package and the module in which it lies; without a main package the module
    that costs most. Python: the files outside every library. A root that can't be told is one that holds nothing.
    """
    return _go(profile) if language == "go" else _python(profile)


def _go(profile: Profile) -> OwnCode:
    main = next((f for f in profile.functions if f.name == _GO_MAIN and not _is_test_main(f)), None)
    modules = _costs_of_modules(profile)
    if main is None:
        module = modules.most_common(1)[0][0] if modules else ""
        return OwnCode(language="go", root=_root_of_module(profile, module), module=module)
    folder = PurePosixPath(main.file).parent
    trimmed = _HOSTED.match(folder.as_posix())
    if trimmed:  # built with -trimpath: the main package's file is named by its import path
        return OwnCode(language="go", root=_root_of_module(profile, trimmed[1]), module=trimmed[1])
    beside = [m for m, _ in modules.most_common() if _lies_beside(profile, m, folder)]
    module = beside[0] if beside else ""
    root = _root_of_module(profile, module) if module else Path(folder)
    return OwnCode(language="go", root=_common([root.as_posix(), folder.as_posix()]), module=module)


def _is_test_main(function: Function) -> bool:
    return function.file.endswith("_testmain.go")


def _costs_of_modules(profile: Profile) -> Counter[str]:
    """Own cost by module; the standard library's packages have no host in their name."""
    own, _ = function_costs(profile, profile.default_value)
    found: Counter[str] = Counter()
    for function, cost in zip(profile.functions, own.tolist(), strict=True):
        match = _HOSTED.match(function.name)
        if match is not None and not _is_dependency(function.file):
            found[match[1]] += abs(cost)
    return found


def _is_dependency(file: str) -> bool:
    return bool(_MODULE_CACHE.search(file) or DEPENDENCY_PARTS.intersection(PurePosixPath(file).parts))


def _files_of(profile: Profile, module: str) -> list[str]:
    return [f.file for f in profile.functions if f.name.startswith((f"{module}.", f"{module}/"))]


def _lies_beside(profile: Profile, module: str, folder: PurePosixPath) -> bool:
    """Whether a module's files lie in a tree together with the main package: one root that isn't the host's."""
    files = [file for file in _files_of(profile, module) if file.startswith("/")]
    if not files:
        return any(file.startswith(f"{module}/") for file in _files_of(profile, module))
    return len(_common([*files, folder.as_posix()]).parts) > 2


def _root_of_module(profile: Profile, module: str) -> Path:
    """The folder that holds a module's files: what stands before its own path in their names, if anything does."""
    files = [str(PurePosixPath(file).parent) for file in _files_of(profile, module) if file.startswith("/")]
    return _common(files)


def _python(profile: Profile) -> OwnCode:
    files = [
        str(PurePosixPath(f.file).parent)
        for f in profile.functions
        if f.file.endswith((".py", ".pyx"))
        and not _is_dependency(f.file)
        and not _PYTHON_LIBRARY.search(f.file)
    ]
    return OwnCode(language="python", root=_common(files))


def _common(folders: Iterable[str]) -> Path:
    """The deepest folder above all of them; one that holds nothing where there is none."""
    parts = [PurePosixPath(folder).parts for folder in folders]
    if not parts:
        return NOWHERE
    shared = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return Path(*shared) if len(shared) > 1 or (shared and shared[0] != "/") else Path(*parts[0])
