"""Looking at a part of a profile: samples and frames that match, as pprof's filters of the same names choose them.

Source: google/pprof, profile/filter.go and internal/driver/driver_focus.go (as in Go 1.26). One thing differs: pprof
also matches the name of the program's file, which the columnar profile doesn't keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np

from tools.profiles.profile import IntArray, Profile
from tools.profiles.queries import BoolArray, rows_of
from tools.profiles.searching import Regex
from tools.profiles.tags import TagFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is looked at; None and empty keep everything. Names of functions and of their files are searched.

    `focus` keeps samples with a match anywhere on the stack, `ignore` drops them. `hide` drops frames that match,
    `show` all others; a stack that loses all its frames is dropped. `show_from` drops what called the outermost
    match, and stacks without one. Each of `tags` must fit.
    """

    focus: Regex | None = None
    ignore: Regex | None = None
    hide: Regex | None = None
    show: Regex | None = None
    show_from: Regex | None = None
    tags: tuple[TagFilter, ...] = ()

    @property
    def patterns(self) -> Mapping[str, str]:
        """Those that are set, by the name of their option, as they were written."""
        found = {
            name: pattern.pattern
            for name, pattern in (
                ("focus", self.focus), ("ignore", self.ignore), ("hide", self.hide), ("show", self.show),
                ("show-from", self.show_from),
            )
            if pattern is not None
        }  # fmt: skip
        return found | ({"tag": ", ".join(tag.text for tag in self.tags)} if self.tags else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """What is left of a profile, and the filters that matched nothing, by the name of their option."""

    profile: Profile
    unmatched: tuple[str, ...]


def filtered(profile: Profile, filters: Filters) -> Filtered:
    """The part of a profile that the filters leave, with every function still numbered as before.

    Samples are chosen by `focus` and `ignore` before frames are hidden, and by tags at last, as pprof does.
    """
    unmatched = []
    for name, pattern in (
        ("focus", filters.focus), ("ignore", filters.ignore), ("hide", filters.hide), ("show", filters.show),
        ("show-from", filters.show_from),
    ):  # fmt: skip
        if pattern is not None and not _matching(profile, pattern).any():
            unmatched.append(name)
    found = _frames_kept(_samples_kept(profile, filters), filters)
    if filters.show_from is not None:
        found = _shown_from(found, filters.show_from)
    for tag in filters.tags:
        wanted = tag.matches(found.labels.get(tag.key, ()), found.samples)
        if not wanted.any():
            unmatched.append(f"tag {tag.text}")
        found = _rows(found, np.flatnonzero(wanted))
    return Filtered(profile=found, unmatched=tuple(unmatched))


def _matching(profile: Profile, pattern: Regex) -> BoolArray:
    """Which frames match, by their function's name or file."""
    search = pattern.search
    files = {file: search(file) is not None for file in {f.file for f in profile.functions}}
    found = np.fromiter(
        (files[f.file] or search(f.name) is not None for f in profile.functions),
        dtype=np.bool_,
        count=len(profile.functions),
    )
    return found[profile.frame_function]


def _samples_kept(profile: Profile, filters: Filters) -> Profile:
    if filters.focus is None and filters.ignore is None:
        return profile
    wanted = np.diff(profile.offsets) > 0  # pprof: a sample without a stack is in no focus
    if filters.focus is not None:
        wanted &= _on_stack(profile, _matching(profile, filters.focus))
    if filters.ignore is not None:
        wanted &= ~_on_stack(profile, _matching(profile, filters.ignore))
    return _rows(profile, np.flatnonzero(wanted))


def _on_stack(profile: Profile, frames: BoolArray) -> BoolArray:
    """For each sample whether one of these frames stands on its stack."""
    found = np.zeros(profile.samples, dtype=np.bool_)
    filled = np.diff(profile.offsets) > 0
    if filled.any():
        # Empty rows have no entries, so each filled row ends where the next filled one begins.
        found[filled] = np.logical_or.reduceat(frames[profile.frame_ids], profile.offsets[:-1][filled])
    return found


def _frames_kept(profile: Profile, filters: Filters) -> Profile:
    kept = np.ones(len(profile.frame_function), dtype=np.bool_)
    if filters.hide is not None:
        kept &= ~_matching(profile, filters.hide)
    if filters.show is not None:
        kept &= _matching(profile, filters.show)
    if kept.all():
        return profile
    entries = kept[profile.frame_ids]
    before = np.concatenate(([0], np.cumsum(entries)))
    shorter = replace(profile, frame_ids=profile.frame_ids[entries], offsets=before[profile.offsets])
    return _rows(shorter, np.flatnonzero(np.diff(shorter.offsets) > 0))


def _shown_from(profile: Profile, pattern: Regex) -> Profile:
    hits = np.flatnonzero(_matching(profile, pattern)[profile.frame_ids]).astype(np.int64)
    outermost = np.full(profile.samples, -1, dtype=np.int64)
    outermost[rows_of(profile, hits)] = hits  # of several in a row the last is the one that stays
    rows = np.flatnonzero(outermost >= 0)
    return _rows(profile, rows, outermost[rows] + 1)


def split(profile: Profile, key: str) -> list[Profile]:
    """The profile's parts by a label's values, in their first's order; none without the label."""
    column = profile.labels.get(key, ())
    numbers = {name: n for n, name in enumerate(dict.fromkeys(column))}
    groups = np.array([numbers[name] for name in column], dtype=np.int64)
    return [_rows(profile, np.flatnonzero(groups == n)) for n in numbers.values()]


def _rows(profile: Profile, rows: IntArray, ends: IntArray | None = None) -> Profile:
    """The profile with these samples only, their stacks ending before `ends` where given."""
    if len(rows) == profile.samples and ends is None:
        return profile
    starts = profile.offsets[:-1][rows]
    lengths = (profile.offsets[1:][rows] if ends is None else ends) - starts
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    places = np.arange(offsets[-1], dtype=np.int64) + np.repeat(starts - offsets[:-1], lengths)
    return replace(
        profile,
        values=profile.values[rows],
        offsets=offsets,
        frame_ids=profile.frame_ids[places],
        labels={key: _picked(column, rows) for key, column in profile.labels.items()},
    )


def _picked(column: Sequence[str], rows: IntArray) -> tuple[str, ...]:
    if len(rows) < 2:
        return tuple(column[n] for n in rows.tolist())
    return tuple(itemgetter(*rows.tolist())(column))
