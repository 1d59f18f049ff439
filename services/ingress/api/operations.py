"""`/v1/operations/{id}`: the result of a request that was answered with 202."""

from __future__ import annotations

from typing import Any, Final

from contracts.primitives.problem import problem
from contracts.wire.events import WEBHOOK_RECEIVED
from ingress import response_models as models
from ingress.acceptance.outcomes import (
    DeadLetter,
    Operation,
    Outcome,
    find_dead_letter,
    find_operation,
    find_outcomes,
    schema_of,
)
from ingress.api import imports as importing
from ingress.errors import NotFound
from ingress.http.context import Api, problem_of
from ingress.http.route import Request, Response, Route
from ingress.imports import store as imports

PUSHED: Final = "/ext/"
_BAD: Final = 400
DEAD_LETTER_STATUS: Final = 500  # the request was accepted, so the fault is ours


async def get(api: Api, call: Request) -> Response:
    """One operation: pending, succeeded with its result, or failed with its problem.

    One that succeeded and whose event is dead-lettered is failed with both, so that it is not repeated.
    """
    operation = await find_operation(api.pool, account_id=call.account_id, identifier=call.id_of())
    if operation is None:
        raise NotFound
    body = await _told_by_services(api, call, operation)
    dead = await find_dead_letter(api.pool, account_id=operation.account_id, request_id=operation.id)
    return Response(200, body if dead is None else body | _failed_by(dead, handled=body["state"] == "succeeded"))


async def _told_by_services(api: Api, call: Request, operation: Operation) -> dict[str, Any]:
    if operation.command == imports.OPERATION:
        return await _show_import(api, operation)
    if operation.command == WEBHOOK_RECEIVED:
        return show(api, operation, None)
    found = await find_outcomes(
        api.pool, schema=schema_of(operation.command), commands=[(operation.account_id, operation.id)]
    )
    own = operation.credential_id is not None and operation.credential_id == call.credential_id
    return show(api, operation, found.get(operation.id), secrets=own)


def show(api: Api, operation: Operation, outcome: Outcome | None, *, secrets: bool = False) -> dict[str, Any]:
    """An operation's response, with its result if known; secrets only for the requesting credential."""
    body = _pending(operation)
    if outcome is None and operation.path.startswith(PUSHED):
        # The response was complete on acceptance; there is no result row.
        name = "event_id" if operation.command == WEBHOOK_RECEIVED else "message_id"
        return body | {"state": "succeeded", "status": 200, "result": {name: str(operation.id)}}
    if outcome is None:
        return body
    body |= {"finished_at": outcome.committed_at.isoformat(), "status": outcome.status}
    if outcome.status >= _BAD:
        return body | {"state": "failed", "problem": problem_of(outcome)}
    return body | {"state": "succeeded", "result": api.decrypted_body(outcome, secrets=secrets)}


def _failed_by(dead: DeadLetter, *, handled: bool) -> dict[str, Any]:
    """The failure of a request by a dead letter; the `result` of what was done of it stays beside it."""
    name = f"{dead.service} could not handle a message of {dead.queue} that this request brought about: {dead.reason}"
    if handled:
        name += " (the request itself was carried out, see result: do not repeat it)"
    details = problem(DEAD_LETTER_STATUS, "dead_lettered", "The request could not be carried through", name)
    return {
        "state": "failed",
        "finished_at": dead.dead_lettered_at.isoformat(),
        "status": DEAD_LETTER_STATUS,
        "problem": details,
    }


async def _show_import(api: Api, operation: Operation) -> dict[str, Any]:
    """An import as an operation: its result is its progress."""
    found = await imports.find(api.pool, account_id=operation.account_id, identifier=operation.id)
    body = _pending(operation)
    if found is None:
        return body
    body["result"] = importing.show(found)
    if found.finished_at is None:
        return body
    body["finished_at"] = found.finished_at.isoformat()
    if found.state == "aborted":
        error = importing.aborted(found)
        details = problem(error.http_status, error.code, error.title, error.detail, error.faults)
        return body | {"state": "failed", "status": error.http_status, "problem": details}
    return body | {"state": "succeeded", "status": 201}


def _pending(operation: Operation) -> dict[str, Any]:
    return {
        "id": str(operation.id),
        "state": "pending",
        "command": operation.command,
        "request": f"{operation.method} {operation.path}",
        "subject_id": str(operation.subject_id) if operation.subject_id else None,
        "accepted_at": operation.accepted_at.isoformat(),
        "finished_at": None,
        "status": None,
        "result": None,
        "problem": None,
    }


ROUTES = (
    Route(
        "GET",
        "/v1/operations/{id}",
        "getOperation",
        get,
        "read",
        "The result of an accepted request",
        response_model=models.Operation,
        tag="operations",
    ),
)
