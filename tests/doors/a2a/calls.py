"""Calls of JSON-RPC as they are, and what they are refused with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from tests.doors.a2a.served import Served

WHY = "Why is the report slow?"
NOT_FOUND, NOT_CANCELABLE, UNSUPPORTED, CONTENT_TYPE, VERSION = -32001, -32002, -32004, -32005, -32009
INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, NO_JSON = -32600, -32601, -32602, -32700


def message(*parts: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The parameters of a message that returns at once."""
    whole = {"messageId": "m1", "role": "ROLE_USER", "parts": list(parts) or [{"text": WHY}], **more}
    return {"message": whole, "configuration": {"returnImmediately": True}}


def refusal(served: Served, method: str, params: Mapping[str, Any], name: str = "ada") -> tuple[int, str]:
    """The code and the whole text of what a call is refused with."""
    found = asyncio.run(served.rpc(method, params, name))
    assert "result" not in found, found
    text = json.dumps(found["error"])
    assert "Traceback" not in text
    return found["error"]["code"], text


def nothing_begun(served: Served) -> bool:
    """Whether the service has no job."""
    return not served.desk.records.jobs()
