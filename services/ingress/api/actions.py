"""`/v1/actions`: what the system can do, and doing it: what changes the books is the command that it stands for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

from aiohttp import web
from pydantic import BaseModel

from contracts.catalog import ACTIONS, Action, offered_actions
from contracts.resources.schemas import Model
from contracts.wire.commands import CREATE_CLIENT, CREATE_PRODUCT, CREATE_SALE, RECORD_PAYMENT, UPDATE_CLIENT
from ingress import response_models as models
from ingress.api import search_actions
from ingress.errors import ApiError, NotFound
from ingress.http.context import Api
from ingress.http.route import Handler, Page, Request, Response, Route
from ingress.views import responses

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
    CREATE_CLIENT: models.Client,
    UPDATE_CLIENT: models.Client,
    CREATE_PRODUCT: models.Product,
    CREATE_SALE: models.Sale,
    RECORD_PAYMENT: models.Payment,
}


class NotOffered(ApiError):
    """This release does not do this yet."""

    code, http_status = "not_offered", 501


class RunQuery(Model):
    """With `dry_run` nothing may change: it is only told what would."""

    dry_run: bool = False


async def list_actions(_: Api, call: Request) -> Response:
    """Show every action that this release carries out, in the catalog's order."""
    return responses.catalog(call, offered_actions(), Action.public)


async def get_action(_: Api, call: Request) -> Response:
    """Show one action."""
    return Response(body=_requested(call).public())


async def refuse_action(_: Api, call: Request) -> Response:
    """Say why an action cannot be run by itself."""
    action = _requested(call)
    raise NotOffered(
        f"{action.key} runs as a step of an automation; by themselves run: {', '.join([*COMMANDS, *_FINDING])}"
    )


def _running(command: str) -> Handler:
    async def run_action(api: Api, call: Request) -> Response:
        """Run it and answer its output."""
        if call.query_as(RunQuery).dry_run:
            raise NotOffered("actions cannot be tried without changing anything yet; nothing was changed")
        sent = call.body_as(Model)
        reply = await api.submit(call, command, sent.model_dump(mode="json", exclude_unset=command == UPDATE_CLIENT))
        # What was made lives among its kind, not under the action.
        return replace(reply, headers=dict(reply.headers) | _location(command, reply))

    return run_action


def _location(command: str, reply: Response) -> dict[str, str]:
    return {"Location": f"{_PATHS[command]}/{reply.body['id']}"} if reply.status == CREATED else {}


def _requested(call: Request) -> Action:
    action = ACTIONS.get(call.params["key"])
    if action is None or not action.available:
        raise NotFound(f"there is no action {call.params['key'][:100]!r}; GET /v1/actions lists them")
    return action


def _finding(find: Handler) -> Handler:
    async def run_action(api: Api, call: Request) -> Response | web.StreamResponse:
        """Run it and answer its output; looking changes nothing, dry or not."""
        if call.query_as(RunQuery).dry_run and call.route.status == CREATED:
            raise NotOffered("actions cannot be tried without changing anything yet; nothing was changed")
        return await find(api, call)

    return run_action


_FINDING: Final[dict[str, tuple[Handler, type[BaseModel], int]]] = {
    "find_client": (search_actions.find_client, search_actions.FoundClient, 200),
    "find_or_create_client": (search_actions.find_or_create_client, search_actions.CreatedClient, CREATED),
    "find_product": (search_actions.find_product, search_actions.FoundProduct, 200),
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
        query=Page, answers=models.ResourcePage[models.Action], tag="actions",
    ),
    *_run_routes(),
    Route(
        "GET", "/v1/actions/{key}", "getAction", get_action, "read",
        "One action", answers=models.Action, tag="actions",
    ),
    Route(
        "POST", "/v1/actions/{key}", "runAction", refuse_action, "write", "Run any other action: not offered yet",
        request_type="anything", query=RunQuery, status=501, answers=models.Problem, tag="actions",
    ),
)  # fmt: skip
