"""Who may hand out credentials, and to whom a secret that was shown once is shown again."""

from __future__ import annotations

from typing import Any

import pytest

from ingress import response_models
from ingress.http.route import Route
from ingress.routes import ROUTES
from tests.component.api.test_hooks import a_hook
from tests.support.api_installation import House
from tests.support.caller import Caller

KEY = {"Idempotency-Key": "one-key"}


@pytest.fixture
async def owner(house: House) -> Caller:
    return await house.account()


async def with_scopes(owner: Caller, *scopes: str) -> Caller:
    made = await owner.made_of("/v1/tokens", {"name": "Some scopes", "scopes": list(scopes)})
    return Caller(owner.session, owner.url, owner.made | {"access_token": made["token"]})


def gives_a_credential(route: Route) -> bool:
    return route.response_model is not None and issubclass(route.response_model, response_models.NewCredential)


GIVING = [route for route in ROUTES if gives_a_credential(route)]
BODIES: dict[str, Any] = {
    "/v1/tokens": {"name": "More", "scopes": ["read", "write", "automate", "admin"]},
    "/v1/invitations": {"role": "owner"},
}


@pytest.mark.parametrize("route", GIVING, ids=lambda route: route.path)
@pytest.mark.parametrize("scopes", [("admin",), ("read", "admin"), ("write", "admin")], ids="+".join)
async def test_a_creator_cannot_give_scopes_that_it_does_not_have(
    owner: Caller, route: Route, scopes: tuple[str, ...]
) -> None:
    pair = {"APIKey": owner.made["api_key"], "APIToken": owner.made["api_token"]}
    caller = await with_scopes(owner, *scopes)
    body = BODIES.get(route.path)
    if route.path == "/v1/users":
        body = {"name": f"owner-{owner.account_id}", "role": "owner"}
    refused = await caller.send(route.method, route.path, json=body)
    assert (refused.status, refused.json["code"]) == (403, "forbidden")
    assert "scopes that this one lacks" in refused.json["detail"]
    assert (await owner.anonymous("GET", "/v1/me", headers=pair)).status == 200, "the old pair still works"
    given = await owner.send(route.method, route.path, json=body)
    assert given.status == 201


def test_every_route_that_answers_with_a_secret_is_known_to_give_a_credential() -> None:
    secret = {"token", "access_token", "api_token", "client_secret", "refresh_token", "password", "invitation"}
    assert {route.path for route in GIVING} == {"/v1/tokens", "/v1/api-credentials", "/v1/users", *BODIES}
    for route in ROUTES:
        if route.response_model is not None and secret & route.response_model.model_fields.keys():
            assert gives_a_credential(route), route.path


async def test_the_same_request_signed_in_another_way_is_the_same_request(owner: Caller) -> None:
    pair = {"APIKey": owner.made["api_key"], "APIToken": owner.made["api_token"]}
    body = {"name": "Ozola Design SIA"}
    first = await owner.post("/v1/clients", body, headers=KEY)
    others = [
        await owner.anonymous("POST", "/v1/clients", json=body, params=pair, headers=KEY),
        await owner.anonymous("POST", "/v1/clients", json=body, headers=KEY | pair),
        await (await with_scopes(owner, "write")).post("/v1/clients", body, headers=KEY),
    ]
    assert first.status == 201
    assert [(other.status, other.json) for other in others] == [(201, first.json)] * 3
    assert {other.headers["Idempotency-Replayed"] for other in others} == {"true"}
    assert len(await owner.items("/v1/clients")) == 1


async def test_another_query_is_another_request_however_one_signs_in(owner: Caller) -> None:
    pair = {"APIKey": owner.made["api_key"], "APIToken": owner.made["api_token"]}
    first = await owner.anonymous("POST", "/v1/clients", json={"name": "A"}, params=pair, headers=KEY)
    other = await owner.post("/v1/clients?on_conflict=return", {"name": "A"}, headers=KEY)
    assert (first.status, other.status) == (201, 422)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/tokens", {"name": "Once", "scopes": ["admin"]}),
        ("/v1/channels", {"kind": "hook"}),
        ("/v1/hooks", a_hook()),
    ],
    ids=["token", "channel", "hook"],
)
async def test_a_secret_is_replayed_to_the_credential_that_it_was_given_to_alone(
    owner: Caller, path: str, body: dict[str, Any]
) -> None:
    first = await owner.post(path, body, headers=KEY)
    again = await owner.post(path, body, headers=KEY)
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    other = await with_scopes(owner, "read", "write", "automate", "admin")
    refused = await other.post(path, body, headers=KEY)
    assert (refused.status, refused.json["code"]) == (422, "idempotency_key_reused")
    assert "another credential" in refused.json["detail"]


async def test_an_operation_shows_a_secret_to_the_credential_that_asked_alone(owner: Caller) -> None:
    made = await owner.post("/v1/hooks", a_hook())
    path = f"/v1/operations/{made.headers['X-Request-Id']}"
    assert (await owner.read(path))["result"]["secret"] == made.json["secret"]
    seen = (await (await with_scopes(owner, "read")).read(path))["result"]
    made_by_dispatcher = {name: value for name, value in made.json.items() if name != "health"}
    assert seen == made_by_dispatcher | {"secret": None}
