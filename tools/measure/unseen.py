"""Inputs that whoever wrote a change didn't see: the workload at other sizes and with other seeds."""

from __future__ import annotations

from dataclasses import dataclass

from tools.measure.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """The workload with other inputs. `changes` says what was varied (`size 1000 became 1370`, `seed 42 became 7919`).

    `workload` is None when nothing could be varied; `why_not` says why then, else "".
    """

    workload: Workload | None
    changes: tuple[str, ...] = ()
    why_not: str = ""
