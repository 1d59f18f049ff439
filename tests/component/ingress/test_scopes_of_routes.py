"""Every route with the scope that it needs, tried by every role and by a token of every scope."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, get_args

import pytest

from contracts.primitives.ids import new_id
from ingress.http.route import Route
from ingress.routes import ROUTES
from ingress.scopes import SCOPES, SCOPES_OF_ROLE, Role, Scope
from tests.support.ingress import Account, Answer, Ingress, prepare, running_ingress
from tests.support.people import Browser, sign_in
from tests.support.postgres_server import Postgres

Send = Callable[..., Awaitable[Answer]]
ASYNC = {"Prefer": "respond-async"}

WRITES_BY = re.compile(r"/v1/(hooks|automations|connections|runs|deliveries)\b")
PREVIEW = re.compile(r"/v1/collectors/(\{id\}/)?preview$")  # changes nothing
ADMIN = re.compile(
    r"/v1/(users|invitations|tokens|api-credentials|channels|account|applications|audit)\b|/v1/clients/\{id\}/erase$"
)


@pytest.fixture(scope="module")
async def ingress(postgres: Postgres) -> AsyncIterator[Ingress]:
    async with running_ingress(await postgres.copy_of(prepare), wrong_credentials_per_second=0) as running:
        yield running


@pytest.fixture(scope="module")
async def account(ingress: Ingress) -> Account:
    return await ingress.account()


@pytest.fixture(scope="module")
async def browsers(ingress: Ingress, account: Account) -> dict[Role, Browser]:
    made = {}
    for role in get_args(Role):
        user = (await account.post("/v1/users", {"name": f"the-{role}", "role": role})).json
        made[role] = await sign_in(ingress, user)
    return made


def needed(route: Route) -> Scope:
    """The scope that docs/api.md promises."""
    if ADMIN.match(route.path) and (route.method != "GET" or not re.match("/v1/(channels|account)", route.path)):
        return "admin"
    if route.method == "GET" or PREVIEW.match(route.path):
        return "read"
    return "automate" if WRITES_BY.match(route.path) else "write"


GUARDED = [route for route in ROUTES if route.scope is not None]


def path_of(route: Route) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: str(new_id()) if found[1] == "id" else "1", route.path)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_every_route_needs_the_scope_that_the_docs_promise() -> None:
    assert {named(route): route.scope for route in GUARDED} == {named(route): needed(route) for route in GUARDED}


def test_what_needs_no_scope_is_a_secret_url_a_session_or_a_public_page() -> None:
    public = re.compile(
        r"/ext/|/v1/session|/v1/password-resets|/v1/setup$|/v1/consents|/oauth/|/\.well-known/|/openapi\.json$|/docs$"
    )
    assert [named(route) for route in ROUTES if route.scope is None and not public.match(route.path)] == []


async def refused_ones(send: Send) -> set[str]:
    refused = set()
    for route in GUARDED:
        options: dict[str, Any] = {"json": {"unknown": 1}} if route.body is not None else {}
        ends = "text/event-stream" not in route.response_types
        answer = await send(route.method if ends else "HEAD", path_of(route), headers=ASYNC, **options)
        assert answer.status != 401, named(route)
        if answer.status == 403 and (not ends or answer.json["detail"].startswith("missing scope")):
            refused.add(named(route))
    return refused


@pytest.mark.parametrize("role", get_args(Role))
async def test_a_role_reaches_exactly_the_routes_of_its_scopes(browsers: dict[Role, Browser], role: Role) -> None:
    beyond = {named(route) for route in GUARDED if route.scope not in SCOPES_OF_ROLE[role]}
    assert await refused_ones(browsers[role].send) == beyond


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_token_reaches_exactly_the_routes_of_its_scope(
    ingress: Ingress, account: Account, scope: Scope
) -> None:
    token = (await account.post("/v1/tokens", {"name": scope, "scopes": [scope]})).json["token"]

    async def send(method: str, path: str, *, headers: dict[str, str], **options: Any) -> Answer:
        return await ingress.send(method, path, headers=headers | {"Authorization": f"Bearer {token}"}, **options)

    assert await refused_ones(send) == {named(route) for route in GUARDED if route.scope != scope}
