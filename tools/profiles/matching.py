"""Functions by name: a regular expression, or a whole name; what they cost; what was perhaps meant by a wrong one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable

import numpy as np

from tools.profiles.naming import readable
from tools.profiles.profile import Profile
from tools.profiles.queries import BoolArray, FunctionCost, function_costs
from tools.profiles.searching import Regex

LOOKED_AT = 2_000
"""Names that are compared with one that isn't there: comparing takes about 0.1 ms each."""
_WORD = re.compile(r"[^\W_]{3,}")


def functions_named(
    profile: Profile, wanted: str, compiled: Callable[[str], Regex] = re.compile
) -> BoolArray:
    """For each function of a profile whether its name is `wanted`; if none is, whether the expression is found in it.

    Its name is the profiler's, or the one for readers (naming.py). So `main.work` means that function and not
    `main.worker`, too. `compiled` makes the expression. Raises: re.error when `wanted` is none.
    """
    names = [(f.name, readable(f)) for f in profile.functions]
    exact = np.fromiter((wanted in each for each in names), dtype=np.bool_, count=len(names))
    if exact.any():
        return exact
    search = compiled(wanted).search
    return np.fromiter(
        (search(name) is not None or search(shown) is not None for name, shown in names),
        dtype=np.bool_,
        count=len(names),
    )


def costs_of(
    profile: Profile, wanted: BoolArray, *, value: str, total: int | None = None
) -> dict[int, FunctionCost]:
    """What the functions `wanted` cost, by their number, the largest cumulative cost first.

    Those that cost nothing are left out. Shares are of `total`, which is the profile's own unless given. Raises:
    KeyError when there is no such value.
    """
    own, cumulative = function_costs(profile, value)
    whole = (profile.total(value) if total is None else total) or 1
    costing = np.flatnonzero(wanted & ((own != 0) | (cumulative != 0)))
    order = costing[np.argsort(-np.abs(cumulative[costing]), kind="stable")]
    return {
        n: FunctionCost(
            function=profile.functions[n],
            self_value=int(own[n]),
            cumulative_value=int(cumulative[n]),
            self_share=float(own[n] / whole),
            cumulative_share=float(cumulative[n] / whole),
        )
        for n in order.tolist()
    }


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
