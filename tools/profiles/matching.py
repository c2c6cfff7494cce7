"""Functions by name: a regular expression, or a whole name; and what was perhaps meant when nothing matches."""

from __future__ import annotations

import difflib
import re

import numpy as np

from tools.profiles.profile import Profile
from tools.profiles.queries import BoolArray

LOOKED_AT = 2_000
"""Names that are compared with one that isn't there: comparing takes about 0.1 ms each."""
_WORD = re.compile(r"[^\W_]{3,}")


def functions_named(profile: Profile, wanted: str) -> BoolArray:
    """For each function of a profile whether its name is `wanted`; if none is, whether the expression is found in it.

    So `main.work` means that function and not `main.worker`, too. Raises: re.error when `wanted` is no regular
    expression.
    """
    names = [f.name for f in profile.functions]
    exact = np.fromiter((name == wanted for name in names), dtype=np.bool_, count=len(names))
    if exact.any():
        return exact
    search = re.compile(wanted).search
    return np.fromiter((search(name) is not None for name in names), dtype=np.bool_, count=len(names))


def near_names(profile: Profile, wanted: str, limit: int = 3) -> tuple[str, ...]:
    """Names of a profile's functions that look like `wanted`, the nearest first; empty when none does."""
    names = list(dict.fromkeys(f.name for f in profile.functions))
    words = [word.lower() for word in _WORD.findall(wanted)]
    alike = [name for name in names if any(word in name.lower() for word in words)]
    pool = {_end(name).lower(): name for name in (alike or names)[:LOOKED_AT]}
    found = difflib.get_close_matches(_end(wanted).lower(), pool, n=limit, cutoff=0.5)
    return tuple(dict.fromkeys([*(pool[end] for end in found), *alike]))[:limit]


def _end(name: str) -> str:
    """The last part of a name, which people remember; not too long to compare."""
    return name.rpartition("/")[2][-80:]
