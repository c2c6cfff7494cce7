"""What the desk refuses, in A2A's own errors: each says what happened and what to do, and nothing of this host."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from a2a.utils.errors import (
    A2AError,
    InternalError,
    InvalidParamsError,
    InvalidRequestError,
    TaskNotFoundError,
)

from agent.doors.spelling import SETTINGS, spelled
from agent.errors import AgentError, BadRequest, Forbidden, LimitReached, NotThere, Refused, StorageFailed

LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Whatever the block can't do is raised as an A2AError."""
    try:
        yield
    except A2AError:
        raise
    except AgentError as error:
        raise a2a_error(error) from error
    except Exception as error:
        # The SDK would send the text of any other exception to the caller.
        LOG.exception("a call by A2A failed")
        raise InternalError("the service failed at this; its log says more") from error


def a2a_error(error: AgentError) -> A2AError:
    """A refusal as A2A's error."""
    text = spelled(str(error), SETTINGS)
    match error:
        case NotThere():
            return TaskNotFoundError(text)
        case BadRequest():
            return InvalidParamsError(text)
        case Forbidden():
            return InvalidRequestError(text, {"reason": "FORBIDDEN"})
        case LimitReached():
            retry = {"reason": "LIMIT_REACHED", "retryAfterSeconds": f"{error.retry_after_s:.0f}"}
            return InvalidRequestError(text, retry)
        case Refused():
            return InvalidRequestError(text)
        case StorageFailed():
            LOG.error("a call by A2A failed: %s", error)
            return InternalError("the service can't reach its records at the moment: try again in a while")
        case _:
            LOG.error("a call by A2A failed: %s", error)
            return InternalError("the service can't do this as it is set up; its log says more")
