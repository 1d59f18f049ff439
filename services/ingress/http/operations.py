"""`/v1/operations/{id}`: what became of a request whose answer did not come in time, or was not waited for."""

from __future__ import annotations

from typing import Any, Final

from contracts.events import WEBHOOK_RECEIVED
from contracts.problem import problem
from ingress.errors import NotFound
from ingress.http import imports as importing
from ingress.http.api import Api, problem_of
from ingress.http.route import Call, Reply, Route
from ingress.resources import shapes
from ingress.store import imports
from ingress.store.outcomes import (
    DeadLetter,
    Operation,
    Outcome,
    find_dead_letter,
    find_operation,
    find_outcomes,
    schema_of,
)

PUSHED: Final = "/ext/"
_BAD: Final = 400
DEAD_LETTER_STATUS: Final = 500  # the request was accepted, so the fault is ours


async def get(api: Api, call: Call) -> Reply:
    """One operation: pending, succeeded with its result, or failed with its problem."""
    operation = await find_operation(api.pool, account_id=call.account_id, identifier=call.id_of())
    if operation is None:
        raise NotFound
    dead = await find_dead_letter(api.pool, account_id=operation.account_id, request_id=operation.id)
    if dead is not None:
        return Reply(200, _pending(operation) | _failed_by(dead))
    if operation.command == imports.OPERATION:
        return Reply(200, await _show_import(api, operation))
    if operation.command == WEBHOOK_RECEIVED:
        return Reply(200, show(api, operation, None))
    found = await find_outcomes(
        api.pool, schema=schema_of(operation.command), commands=[(operation.account_id, operation.id)]
    )
    own = operation.credential_id is not None and operation.credential_id == call.credential_id
    return Reply(200, show(api, operation, found.get(operation.id), secrets=own))


def show(api: Api, operation: Operation, outcome: Outcome | None, *, secrets: bool = False) -> dict[str, Any]:
    """An operation with what is known of its outcome; a secret in it only for the credential that asked."""
    shown = _pending(operation)
    if outcome is None and operation.path.startswith(PUSHED):
        # The sender's answer was complete when it was accepted; nobody makes an outcome of it.
        said = "event_id" if operation.command == WEBHOOK_RECEIVED else "message_id"
        return shown | {"state": "succeeded", "status": 200, "result": {said: str(operation.id)}}
    if outcome is None:
        return shown
    shown |= {"finished_at": outcome.committed_at.isoformat(), "status": outcome.status}
    if outcome.status >= _BAD:
        return shown | {"state": "failed", "problem": problem_of(outcome)}
    return shown | {"state": "succeeded", "result": api.shown(outcome, secrets=secrets)}


def _failed_by(dead: DeadLetter) -> dict[str, Any]:
    said = f"{dead.service} could not handle a message of {dead.queue} that this request brought about: {dead.reason}"
    told = problem(DEAD_LETTER_STATUS, "dead_lettered", "The request could not be carried through", said)
    return {
        "state": "failed",
        "finished_at": dead.parked_at.isoformat(),
        "status": DEAD_LETTER_STATUS,
        "problem": told,
    }


async def _show_import(api: Api, operation: Operation) -> dict[str, Any]:
    """An import as an operation: its result tells how far it is."""
    found = await imports.find(api.pool, account_id=operation.account_id, identifier=operation.id)
    shown = _pending(operation)
    if found is None:
        return shown
    shown["result"] = importing.show(found)
    if found.finished_at is None:
        return shown
    shown["finished_at"] = found.finished_at.isoformat()
    if found.state == "aborted":
        error = importing.aborted(found)
        told = problem(error.http_status, error.code, error.title, error.detail, error.faults)
        return shown | {"state": "failed", "status": error.http_status, "problem": told}
    return shown | {"state": "succeeded", "status": 201}


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
        "What became of a request that was accepted",
        answers=shapes.Operation,
        tag="operations",
    ),
)
