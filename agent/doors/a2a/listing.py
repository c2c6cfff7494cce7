"""Pages of a caller's tasks, newest first."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from a2a.types import ListTasksRequest, ListTasksResponse, Task
from a2a.utils.errors import InvalidParamsError
from a2a.utils.task import apply_history_length, validate_page_size

from agent.access.caller import Caller
from agent.doors.a2a.following import Following
from agent.doors.a2a.tasks import Tracked, task_of

PAGE = 50


async def list_tasks(
    following: Following, caller: Caller, tracked: Sequence[Tracked], params: ListTasksRequest
) -> ListTasksResponse:
    """The page that is asked for; `tracked` are all, newest first. Raises: A2A's errors."""
    size = params.page_size if params.HasField("page_size") else PAGE
    validate_page_size(size)
    found = [t for t in tracked if _is_wanted(t, task_of(t), params)]
    start = _start(found, params.page_token)
    page = found[start : start + size]
    tasks = [await _listed(following, caller, t, params) for t in page]
    has_more = start + size < len(found)
    return ListTasksResponse(
        tasks=tasks,
        next_page_token=_token(page[-1]) if has_more else "",
        page_size=size,
        total_size=len(found),
    )


def _is_wanted(tracked: Tracked, task: Task, params: ListTasksRequest) -> bool:
    if params.context_id and tracked.context != params.context_id:
        return False
    if params.status and task.status.state != params.status:
        return False
    if not params.HasField("status_timestamp_after"):
        return True
    wanted, found = params.status_timestamp_after, task.status.timestamp
    return (found.seconds, found.nanos) >= (wanted.seconds, wanted.nanos)


async def _listed(following: Following, caller: Caller, tracked: Tracked, params: ListTasksRequest) -> Task:
    """A task as listed: with its files only where they are asked for."""
    events = await following.events(caller, tracked)
    outcome = await following.outcome(caller, tracked) if params.include_artifacts else None
    task = Task()
    task.CopyFrom(apply_history_length(task_of(tracked, events, outcome), params))
    if not params.include_artifacts:
        task.ClearField("artifacts")
    return task


def _token(tracked: Tracked) -> str:
    """Where the next page begins: it stays right when tasks come, change and go meanwhile."""
    created, task_id = tracked.place
    return base64.urlsafe_b64encode(f"{created!r} {task_id}".encode()).decode()


def _start(found: Sequence[Tracked], token: str) -> int:
    """Where a page begins. Raises: InvalidParamsError for a token that isn't one of ours."""
    if not token:
        return 0
    try:
        created, _, task_id = base64.urlsafe_b64decode(token.encode()).decode().partition(" ")
        last = (float(created), task_id)
    except (binascii.Error, ValueError) as error:
        raise InvalidParamsError("the pageToken isn't one of this service: begin without one") from error
    return next((n for n, tracked in enumerate(found) if tracked.place < last), len(found))
