"""`/v1/actions`: what the system can do, and doing it: what changes the books is the command that it stands for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

from pydantic import BaseModel

from contracts.catalog import ACTIONS, Action, offered_actions
from contracts.commands import CREATE_CLIENT, CREATE_SALE, RECORD_PAYMENT
from contracts.objects import Model
from ingress.errors import ApiError, NotFound
from ingress.http.api import Api
from ingress.http.route import Call, Handler, Page, Reply, Route
from ingress.resources import answering, shapes

COMMANDS: Final[dict[str, str]] = {
    "create_client": CREATE_CLIENT,
    "create_document": CREATE_SALE,
    "record_payment": RECORD_PAYMENT,
}
"""The actions that can be run by themselves, and the command of each."""

CREATED: Final = 201

_PATHS: Final = {CREATE_CLIENT: "/v1/clients", CREATE_SALE: "/v1/sales", RECORD_PAYMENT: "/v1/payments"}
_ANSWERS: Final[dict[str, type[BaseModel]]] = {
    CREATE_CLIENT: shapes.Client,
    CREATE_SALE: shapes.Sale,
    RECORD_PAYMENT: shapes.Payment,
}


class NotOffered(ApiError):
    """This release does not do this yet."""

    code, http_status = "not_offered", 501


class RunQuery(Model):
    """With `dry_run` nothing may change: it is only told what would."""

    dry_run: bool = False


async def list_actions(_: Api, call: Call) -> Reply:
    """Show every action that this release carries out, in the catalog's order."""
    return answering.catalog(call, offered_actions(), Action.public)


async def get_action(_: Api, call: Call) -> Reply:
    """Show one action."""
    return Reply(body=_asked(call).public())


async def refuse_action(_: Api, call: Call) -> Reply:
    """Say why an action cannot be run by itself."""
    action = _asked(call)
    raise NotOffered(f"{action.key} runs as a step of an automation; by themselves run: {', '.join(COMMANDS)}")


def _running(command: str) -> Handler:
    async def run_action(api: Api, call: Call) -> Reply:
        """Run it and answer its output."""
        if call.query_as(RunQuery).dry_run:
            raise NotOffered("actions cannot be tried without changing anything yet; nothing was changed")
        reply = await api.submit(call, command, call.body_as(Model).model_dump(mode="json"))
        # What was made lives among its kind, not under the action.
        return replace(reply, headers=dict(reply.headers) | _location(command, reply))

    return run_action


def _location(command: str, reply: Reply) -> dict[str, str]:
    return {"Location": f"{_PATHS[command]}/{reply.body['id']}"} if reply.status == CREATED else {}


def _asked(call: Call) -> Action:
    action = ACTIONS.get(call.params["key"])
    if action is None or not action.available:
        raise NotFound(f"there is no action {call.params['key'][:100]!r}; GET /v1/actions lists them")
    return action


def _run_routes() -> list[Route]:
    return [
        Route(
            "POST",
            f"/v1/actions/{key}",
            _running(command),
            "write",
            f"Run the action {key}",
            body=cast("type[Model]", ACTIONS[key].input),
            query=RunQuery,
            answers=_ANSWERS[command],
            status=201,
            tag="actions",
        )
        for key, command in COMMANDS.items()
    ]


ROUTES = (
    Route(
        "GET", "/v1/actions", list_actions, "read", "The catalog of actions",
        query=Page, answers=shapes.Listed[shapes.Action], tag="actions",
    ),
    *_run_routes(),
    Route("GET", "/v1/actions/{key}", get_action, "read", "One action", answers=shapes.Action, tag="actions"),
    Route(
        "POST", "/v1/actions/{key}", refuse_action, "write", "Run any other action: not offered yet",
        takes="bytes", query=RunQuery, status=501, answers=shapes.Problem, tag="actions",
    ),
)  # fmt: skip
