"""The description over HTTP, and every answer held to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from contracts.resources.automation import Automation
from contracts.resources.client import Client
from contracts.resources.connection import Connection
from contracts.resources.event import Events
from contracts.resources.hook import Hook
from contracts.resources.inbox_message import InboxMessage
from contracts.resources.output import ResourcePage
from contracts.resources.payment import Payment
from contracts.resources.sale import Sale
from contracts.resources.sale_line import SaleAdjustment, SaleLine, SaleTax
from contracts.resources.webhook import WebhookReceipt
from ingress import response_models
from ingress.routes import ROUTES
from tests.component.api.test_automations import an_automation
from tests.component.api.test_hooks import a_hook
from tests.support.api_installation import House
from tests.support.caller import Caller, a_document


async def test_the_description_is_openapi_3_1_and_names_every_route(house: House, caller: Caller) -> None:
    answer = await caller.anonymous("GET", "/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    described = answer.json
    assert described["openapi"].startswith("3.1.")
    named = {(verb.upper(), path) for path, verbs in described["paths"].items() for verb in verbs}
    assert named == {(route.method, route.path) for route in ROUTES}
    ids = [operation["operationId"] for verbs in described["paths"].values() for operation in verbs.values()]
    assert len(ids) == len(set(ids))


async def test_every_reference_of_the_description_leads_somewhere(caller: Caller) -> None:
    described = (await caller.anonymous("GET", "/openapi.json")).json
    for reference in _references(described):
        found: Any = described
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for inner in value.values():
                yield from _references(inner)
        case list():
            for inner in value:
                yield from _references(inner)


async def test_the_page_and_all_that_it_loads_come_from_here(caller: Caller) -> None:
    answer = await caller.anonymous("GET", "/docs")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    loaded = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert "docs/swagger-ui-bundle.js" in loaded
    for path in filter(lambda path: not path.startswith("data:"), loaded):
        asset = await caller.anonymous("GET", f"/{path}")
        assert (asset.status, bool(asset.text)) == (200, True), path


@pytest.mark.parametrize("path", ["/openapi.json/", "/docs/", "/v1/clients/", "/V1/clients"])
async def test_paths_have_no_trailing_slash_and_never_redirect(caller: Caller, path: str) -> None:
    answer = await caller.get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")


def fits(shape: type[BaseModel], value: Any) -> None:
    """Assert that an answer is of its shape, and that the shape names all of it."""
    TypeAdapter(shape).validate_python(value)
    unnamed = {name for name in value if name not in shape.model_fields}
    assert not unnamed, f"{shape.__name__} does not name {unnamed}"


async def test_answers_are_as_described(caller: Caller) -> None:
    client = await caller.client(
        address={"street": "Brīvības 1", "country": "LV"}, pay_term={"type": 1, "days": 14}, locale="lv"
    )
    adjustment = {"type": "discount", "mode": "pct", "amount": "10", "description": "Loyal"}
    sale = await caller.sale(client["id"], adjustments=[adjustment], payment_method="bank", shipping_type=1)
    payment = await caller.payment(client["id"], "1.00", (sale["id"], "1.00"))
    message = await caller.made_of("/v1/inbox/purchases", a_document())
    hook = await caller.made_of("/v1/hooks", a_hook())
    automation = await caller.made_of("/v1/automations", an_automation())
    fits(Client, await caller.read(f"/v1/clients/{client['id']}"))
    fits(Sale, sale)
    fits(SaleLine, sale["lines"][0])
    fits(SaleAdjustment, sale["adjustments"][0])
    fits(SaleTax, sale["taxes"][0])
    fits(Payment, payment)
    fits(InboxMessage, message)
    fits(Hook, hook)
    fits(Automation, automation)
    fits(response_models.Journey, journey := await caller.read(f"/v1/journey/{sale['id']}"))
    fits(response_models.JourneyEntry, journey["entries"][0])
    fits(response_models.Trigger, await caller.read("/v1/triggers/sale.posted"))
    fits(response_models.Action, await caller.read("/v1/actions/create_client"))
    fits(ResourcePage, await caller.read("/v1/clients"))
    fits(response_models.Problem, (await caller.post("/v1/clients", {})).json)
    pending = await caller.post("/v1/clients", {"name": "Later"}, headers={"Prefer": "respond-async"})
    fits(response_models.PendingOperation, pending.json)
    events = await caller.read("/v1/triggers/sale.voided/samples")
    TypeAdapter(Events).validate_python(events)


async def test_answers_about_access_are_as_described(caller: Caller) -> None:
    fits(response_models.Me, me := await caller.read("/v1/me"))
    fits(response_models.Account, me["account"])
    fits(response_models.Caller, me["caller"])
    fits(response_models.NewToken, token := await caller.made_of("/v1/tokens", {"name": "Ours"}))
    fits(response_models.Token, await caller.read(f"/v1/tokens/{token['id']}"))
    fits(response_models.DeletedToken, (await caller.delete(f"/v1/tokens/{token['id']}")).json)
    fits(response_models.NewKeyPair, pair := await caller.made_of("/v1/api-credentials", None))
    fits(response_models.KeyPair, await caller.read(f"/v1/api-credentials/{pair['id']}"))
    fits(response_models.Channel, channel := await caller.made_of("/v1/channels", {"kind": "hook"}))
    reported = await caller.anonymous("POST", channel["url"], json={"a": 1})
    fits(WebhookReceipt, reported.json)
    fits(response_models.Operation, await caller.read(f"/v1/operations/{reported.json['event_id']}"))
    direct = await caller.made_of("/v1/channels", {"kind": "direct"})
    fits(response_models.PushReceipt, (await caller.anonymous("POST", direct["url"], json=a_document())).json)
    chat = {"name": "Our chat", "kind": "chat", "url": "https://chat.example/in"}
    fits(Connection, await caller.made_of("/v1/connections", chat))


def test_every_route_that_gives_json_says_of_which_shape() -> None:
    silent = {
        route.path for route in ROUTES if route.response_types == ("application/json",) and route.response_model is None
    }
    assert silent == {"/openapi.json"}


def test_routes_that_may_answer_later_document_it() -> None:
    pending = {route.path for route in ROUTES if route.may_be_pending}
    assert {"/v1/clients", "/v1/hooks/{id}", "/v1/connections", "/v1/automations/{id}"} <= pending
    assert not {"/v1/tokens", "/v1/channels/{id}/rotate", "/ext/hooks/{secret}", "/v1/me"} & pending
