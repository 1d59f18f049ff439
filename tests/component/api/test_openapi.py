"""The description over HTTP, and every answer held to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from ingress.http.routes import ROUTES
from ingress.resources import shapes
from tests.component.api.test_automations import an_automation
from tests.component.api.test_hooks import a_hook
from tests.support.caller import Caller, a_document
from tests.support.house import House


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


async def test_the_page_lists_every_path_and_loads_nothing(caller: Caller) -> None:
    answer = await caller.anonymous("GET", "/docs")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert all(route.path in answer.text for route in ROUTES)
    assert "<script" not in answer.text
    assert "src=" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


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
    fits(shapes.Client, await caller.read(f"/v1/clients/{client['id']}"))
    fits(shapes.Sale, sale)
    fits(shapes.SaleLine, sale["lines"][0])
    fits(shapes.SaleAdjustment, sale["adjustments"][0])
    fits(shapes.SaleTax, sale["taxes"][0])
    fits(shapes.Payment, payment)
    fits(shapes.InboxMessage, message)
    fits(shapes.Hook, hook)
    fits(shapes.Automation, automation)
    fits(shapes.Journey, journey := await caller.read(f"/v1/journey/{sale['id']}"))
    fits(shapes.Hop, journey["hops"][0])
    fits(shapes.Trigger, await caller.read("/v1/triggers/sale.posted"))
    fits(shapes.Action, await caller.read("/v1/actions/create_client"))
    fits(shapes.Listed, await caller.read("/v1/clients"))
    fits(shapes.Problem, (await caller.post("/v1/clients", {})).json)
    pending = await caller.post("/v1/clients", {"name": "Later"}, headers={"Prefer": "respond-async"})
    fits(shapes.Accepted, pending.json)
    events = await caller.read("/v1/triggers/sale.voided/samples")
    TypeAdapter(shapes.Events).validate_python(events)


async def test_answers_about_access_are_as_described(caller: Caller) -> None:
    fits(shapes.Me, me := await caller.read("/v1/me"))
    fits(shapes.Account, me["account"])
    fits(shapes.Caller, me["caller"])
    fits(shapes.NewToken, token := await caller.made_of("/v1/tokens", {"name": "Ours"}))
    fits(shapes.Token, await caller.read(f"/v1/tokens/{token['id']}"))
    fits(shapes.Deleted, (await caller.delete(f"/v1/tokens/{token['id']}")).json)
    fits(shapes.NewKeyPair, pair := await caller.made_of("/v1/api-credentials", None))
    fits(shapes.KeyPair, await caller.read(f"/v1/api-credentials/{pair['id']}"))
    fits(shapes.Channel, channel := await caller.made_of("/v1/channels", {"kind": "hook"}))
    told = await caller.anonymous("POST", channel["url"], json={"a": 1})
    fits(shapes.Told, told.json)
    fits(shapes.Operation, await caller.read(f"/v1/operations/{told.json['event_id']}"))
    direct = await caller.made_of("/v1/channels", {"kind": "direct"})
    fits(shapes.Pushed, (await caller.anonymous("POST", direct["url"], json=a_document())).json)
    chat = {"name": "Our chat", "kind": "chat", "url": "https://chat.example/in"}
    fits(shapes.Connection, await caller.made_of("/v1/connections", chat))


def test_every_route_that_gives_json_says_of_which_shape() -> None:
    silent = {route.path for route in ROUTES if route.gives == "application/json" and route.answers is None}
    assert silent == {"/openapi.json"}


def test_who_may_have_to_come_back_for_an_answer_is_told_so() -> None:
    pending = {route.path for route in ROUTES if route.may_be_pending}
    assert {"/v1/clients", "/v1/hooks/{id}", "/v1/connections", "/v1/automations/{id}"} <= pending
    assert not {"/v1/tokens", "/v1/channels/{id}/rotate", "/ext/hooks/{secret}", "/v1/me"} & pending
