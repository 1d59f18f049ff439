"""`/v1/actions`: the catalog of actions, and their execution; an action that changes the ledger is its command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeAlias, cast

from pydantic import BaseModel

from contracts.catalog import ACTIONS, Action, offered_actions
from contracts.resources.case import MoveByPerson
from contracts.resources.client import Client
from contracts.resources.dispute import Dispute
from contracts.resources.inbox_message import PushedMessage
from contracts.resources.messages import Message
from contracts.resources.note import Note
from contracts.resources.output import ResourcePage
from contracts.resources.payment import Payment
from contracts.resources.product import Product
from contracts.resources.promise import Promise
from contracts.resources.sale import Sale
from contracts.resources.schemas import Model
from contracts.wire.commands import DRY_RUN
from ingress import response_models as models
from ingress.api import inbox, outward_actions, push_actions, search_actions
from ingress.api.search_actions import RunQuery
from ingress.errors import NotFound
from ingress.http.context import Api
from ingress.http.route import Handler, Page, Request, Response, Route
from ingress.views import responses

CREATED: Final = 201
OK: Final = 200

_ANSWERS: Final[dict[str, type[BaseModel]]] = {
    "create_client": Client,
    "update_client": Client,
    "create_product": Product,
    "create_document": Sale,
    "issue_document": Sale,
    "send_document": Sale,
    "void_document": Sale,
    "record_payment": Payment,
    "add_note": Note,
    "open_dispute": Dispute,
    "resolve_dispute": Dispute,
    "record_promise": Promise,
    "move_invoices": MoveByPerson,
    "send_message": Message,
}
"""The response model of each action's command."""


Find: TypeAlias = "Callable[[Api, Request], Awaitable[Response]]"


async def list_actions(_: Api, call: Request) -> Response:
    """Show every action that this release carries out, in the catalog's order."""
    return responses.catalog(call, offered_actions(), Action.public)


async def get_action(_: Api, call: Request) -> Response:
    """Show one action."""
    return Response(body=_requested(call).public())


async def refuse_unknown(_: Api, call: Request) -> Response:
    """Refuse an unknown action, naming the known ones."""
    raise NotFound(f"there is no action {call.params['key'][:100]!r}; GET /v1/actions lists them")


def _running(action: Action, command: str) -> Handler:
    async def run_action(api: Api, call: Request) -> Response:
        """Run it and answer its output."""
        data = call.body_as(Model).model_dump(mode="json", exclude_unset=action.path is None)
        if call.query_as(RunQuery).dry_run:
            return await api.submit(call, DRY_RUN, {"command": command, "data": data})
        reply = await api.submit(call, command, data)
        if reply.status != CREATED:
            return reply
        # What was made lives among its kind, not under the action.
        return replace(reply, headers={**reply.headers, "Location": f"{action.path}/{reply.body['id']}"})

    return run_action


def _requested(call: Request) -> Action:
    action = ACTIONS.get(call.params["key"])
    if action is None or not action.available:
        raise NotFound(f"there is no action {call.params['key'][:100]!r}; GET /v1/actions lists them")
    return action


def _finding(find: Find) -> Handler:
    async def run_action(api: Api, call: Request) -> Response:
        """Run it and answer its output; a search changes nothing, dry or not."""
        if call.route.status == CREATED:
            return await find(api, call)
        found = await find(api, call)
        dry_run = call.query_as(RunQuery).dry_run
        shown = Response(body={"dry_run": True, "would": found.body, "changes": []}) if dry_run else found
        return await api.keep_first(call, shown)

    return run_action


_OTHERS: Final[dict[str, tuple[Find, type[BaseModel], int]]] = {
    "find_client": (search_actions.find_client, search_actions.FoundClient, 200),
    "find_or_create_client": (search_actions.find_or_create_client, search_actions.CreatedClient, CREATED),
    "find_product": (search_actions.find_product, search_actions.FoundProduct, 200),
    "find_sale": (search_actions.find_sale, search_actions.FoundSale, 200),
}


def _run_routes() -> list[Route]:
    running = {
        key: (_running(action, action.command), _ANSWERS[key], CREATED if action.path else OK)
        for key, action in ACTIONS.items()
        if action.command is not None
    }
    running |= {
        key: (_finding(find), response_model, status) for key, (find, response_model, status) in _OTHERS.items()
    }
    routes = [
        replace(_route(key, handler, response_model, status), body=cast("type[Model]", ACTIONS[key].input))
        for key, (handler, response_model, status) in running.items()
    ]
    routes += [
        replace(_route(key, outward_actions.running(ACTIONS[key]), one.response_model, OK), body=one.body)
        for key, one in outward_actions.RUNNABLE.items()
    ]
    return routes + [
        replace(
            _route(key, push_actions.pushing(key, box), PushedMessage, CREATED),
            request_type="linked_form",
            seconds_max=inbox.PUSH_SECONDS_MAX,
        )
        for key, box in push_actions.BOXES.items()
    ]


def _route(key: str, handler: Handler, response_model: type[BaseModel], status: int) -> Route:
    name = f"run{key.title().replace('_', '')}"
    return Route(
        "POST", f"/v1/actions/{key}", name, handler, "write", f"Run the action {key}",
        query=RunQuery, response_model=response_model, status=status, tag="actions", dry_run=True,
    )  # fmt: skip


ROUTES = (
    Route(
        "GET", "/v1/actions", "listActions", list_actions, "read", "The catalog of actions",
        query=Page, response_model=ResourcePage[models.Action], tag="actions",
    ),
    *_run_routes(),
    Route(
        "GET", "/v1/actions/{key}", "getAction", get_action, "read",
        "One action", response_model=models.Action, tag="actions",
    ),
    Route(
        "POST", "/v1/actions/{key}", "runAction", refuse_unknown, "write", "Any other key: there is no such action",
        request_type="anything", query=RunQuery, status=404, response_model=models.Problem, tag="actions",
    ),
)  # fmt: skip
