"""`/v1/actions`: what the system can do, and doing it: what changes the books is the command that it stands for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

from aiohttp import web
from pydantic import BaseModel

from contracts.catalog import ACTIONS, Action, offered_actions
from contracts.commands import CREATE_CLIENT, CREATE_PRODUCT, CREATE_SALE, RECORD_PAYMENT, UPDATE_CLIENT
from contracts.objects import Model
from ingress.errors import ApiError, NotFound
from ingress.http.api import Api
from ingress.http.route import Call, Handler, Page, Reply, Route
from ingress.resources import answering, finding, shapes

COMMANDS: Final[dict[str, str]] = {
    "create_client": CREATE_CLIENT,
    "update_client": UPDATE_CLIENT,
    "create_product": CREATE_PRODUCT,
    "create_document": CREATE_SALE,
    "record_payment": RECORD_PAYMENT,
}
"""The actions that can be run by themselves, and the command of each."""

CREATED: Final = 201

_PATHS: Final = {
    CREATE_CLIENT: "/v1/clients",
    CREATE_PRODUCT: "/v1/products",
    CREATE_SALE: "/v1/sales",
    RECORD_PAYMENT: "/v1/payments",
}
_ANSWERS: Final[dict[str, type[BaseModel]]] = {
    CREATE_CLIENT: shapes.Client,
    UPDATE_CLIENT: shapes.Client,
    CREATE_PRODUCT: shapes.Product,
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
    raise NotOffered(
        f"{action.key} runs as a step of an automation; by themselves run: {', '.join([*COMMANDS, *_FINDING])}"
    )


def _running(command: str) -> Handler:
    async def run_action(api: Api, call: Call) -> Reply:
        """Run it and answer its output."""
        if call.query_as(RunQuery).dry_run:
            raise NotOffered("actions cannot be tried without changing anything yet; nothing was changed")
        sent = call.body_as(Model)
        reply = await api.submit(call, command, sent.model_dump(mode="json", exclude_unset=command == UPDATE_CLIENT))
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


def _finding(find: Handler) -> Handler:
    async def run_action(api: Api, call: Call) -> Reply | web.StreamResponse:
        """Run it and answer its output; looking changes nothing, dry or not."""
        if call.query_as(RunQuery).dry_run and call.route.status == CREATED:
            raise NotOffered("actions cannot be tried without changing anything yet; nothing was changed")
        return await find(api, call)

    return run_action


_FINDING: Final[dict[str, tuple[Handler, type[BaseModel], int]]] = {
    "find_client": (finding.find_client, finding.FoundClient, 200),
    "find_or_create_client": (finding.find_or_create_client, finding.MadeClient, CREATED),
    "find_product": (finding.find_product, finding.FoundProduct, 200),
}


def _run_routes() -> list[Route]:
    running = {
        key: (_running(command), _ANSWERS[command], 200 if command == UPDATE_CLIENT else CREATED)
        for key, command in COMMANDS.items()
    }
    running |= {key: (_finding(find), answers, status) for key, (find, answers, status) in _FINDING.items()}
    return [
        Route(
            "POST",
            f"/v1/actions/{key}",
            f"run{key.title().replace('_', '')}",
            handler,
            "write",
            f"Run the action {key}",
            body=cast("type[Model]", ACTIONS[key].input),
            query=RunQuery,
            answers=answers,
            status=status,
            tag="actions",
        )
        for key, (handler, answers, status) in running.items()
    ]


ROUTES = (
    Route(
        "GET", "/v1/actions", "listActions", list_actions, "read", "The catalog of actions",
        query=Page, answers=shapes.Listed[shapes.Action], tag="actions",
    ),
    *_run_routes(),
    Route(
        "GET", "/v1/actions/{key}", "getAction", get_action, "read",
        "One action", answers=shapes.Action, tag="actions",
    ),
    Route(
        "POST", "/v1/actions/{key}", "runAction", refuse_action, "write", "Run any other action: not offered yet",
        takes="bytes", query=RunQuery, status=501, answers=shapes.Problem, tag="actions",
    ),
)  # fmt: skip
