"""The OpenAPI description, made from the table of addresses and the types of what is sent.

Source: OpenAPI Specification 3.1.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter

from agent.doors.web.operations import FILE, JOB, Answer, Operation, Parameter
from agent.doors.web.problems import MEDIA_TYPE, ProblemShown, phrase_of
from agent.doors.web.reading import JSON
from agent.doors.web.wire import FilesShown, JobShown
from agent.jobs.job import Event

Schema = Mapping[str, Any]
Mode = Literal["validation", "serialization"]
REFERENCE = "#/components/schemas/{model}"
OF_CALLERS = (401, 403, 500, 503)
"""What every address may answer with that isn't for everyone; those that are may answer with 500 only."""


def describe(operations: Iterable[Operation], *, title: str, version: str, url: str) -> dict[str, Any]:
    """The whole document."""
    operations = tuple(operations)
    schemas, definitions = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, schemas)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
        for answer in operation.answers:
            links = _links(answer, operations)
            if links:
                described["responses"][str(answer.status)]["links"] = links
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "summary": "Ask why a program is slow or big."},
        "servers": [{"url": url}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(operations: Iterable[Operation]) -> tuple[Mapping[tuple[type, Mode], Schema], Schema]:
    """The schema of each type that is sent or taken, and the definitions that they refer to."""
    taken = [op.body for op in operations if op.body is not None]
    sent = [body for op in operations for answer in op.answers for body in answer.bodies.values() if body]
    wanted: list[tuple[type, Mode]] = [(body, "validation") for body in dict.fromkeys(taken)]
    wanted += [(body, "serialization") for body in dict.fromkeys([*sent, ProblemShown, Event])]
    found, shared = TypeAdapter.json_schemas(
        [(number, mode, TypeAdapter(body)) for number, (body, mode) in enumerate(wanted)],
        ref_template=REFERENCE,
    )
    schemas = {key: found[number, key[1]] for number, key in enumerate(wanted)}
    return schemas, shared.get("$defs", {})


def _operation(operation: Operation, schemas: Mapping[tuple[type, Mode], Schema]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.handler.__name__,
        "summary": operation.says,
        "responses": _responses(operation, schemas),
    }
    if operation.more:
        described["description"] = operation.more
    if operation.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        described["requestBody"] = {
            "required": not operation.body_is_optional,
            "content": {JSON: {"schema": schemas[operation.body, "validation"]}},
        }
    if operation.access == "everyone":
        described["security"] = []
    return described


def _responses(operation: Operation, schemas: Mapping[tuple[type, Mode], Schema]) -> dict[str, Any]:
    answers = {str(answer.status): _answer(answer, schemas) for answer in operation.answers}
    general = (500,) if operation.access == "everyone" else OF_CALLERS
    problem = {MEDIA_TYPE: {"schema": schemas[ProblemShown, "serialization"]}}
    for status in sorted({*operation.problems, *general}):
        answers.setdefault(str(status), {"description": phrase_of(status), "content": problem})
    return answers


def _answer(answer: Answer, schemas: Mapping[tuple[type, Mode], Schema]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": answer.says,
        "content": {
            kind: {"schema": schemas[body, "serialization"]} if body else {"schema": _plain(kind)}
            for kind, body in answer.bodies.items()
        },
    }
    if answer.has_location:
        where = {"description": "Where the job is.", "schema": {"type": "string"}}
        described["headers"] = {"Location": where}
    return described


def _plain(kind: str) -> Schema:
    return {"type": "object"} if kind == JSON else {"type": "string"} if kind.startswith("text/") else {}


def _links(answer: Answer, operations: Iterable[Operation]) -> dict[str, Any]:
    """Where an answer leads: from a job to every address below it, from a list of files to the first of them."""
    known: dict[str, str] = {}
    if JobShown in answer.bodies.values():
        known = {JOB.name: "$response.body#/id"}
    elif FilesShown in answer.bodies.values():
        known = {JOB.name: f"$request.path.{JOB.name}", FILE.name: "$response.body#/files/0"}
    found = {}
    for operation in operations:
        needed = {parameter.name for parameter in operation.parameters if parameter.place == "path"}
        if known and needed == set(known):
            name = operation.handler.__name__
            found[name] = {"operationId": name, "parameters": known}
    return found


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.says,
        "required": parameter.place == "path",
        "schema": parameter.schema,
    }
