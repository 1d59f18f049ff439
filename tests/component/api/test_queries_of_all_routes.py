"""What a query may hold, over every route there is: a wrong value is named, and never a failure of the server."""

from __future__ import annotations

import datetime as dt
from typing import Final
from urllib.parse import urlencode

import pytest

from contracts.primitives.ids import new_id
from ingress.http.route import Page, Route
from ingress.routes import ROUTES
from ingress.views.paging import write_cursor
from tests.component.api.test_automations import an_automation
from tests.support.caller import Caller

READS: Final = [route for route in ROUTES if route.method == "GET" and route.query is not None and route.scope]
LISTS: Final = [route for route in READS if issubclass(route.query or object, Page)]
FIXED: Final = [
    route for route in ROUTES if f"{route.path.rpartition('/')[0]}/{{id}}" in {other.path for other in ROUTES}
    and not route.path.endswith("}")
]  # fmt: skip


def dates_of(route: Route) -> list[str]:
    """The names of the route's parameters that are dates or times."""
    assert route.query is not None
    about = route.query.model_json_schema()["properties"]
    return [name for name, schema in about.items() if '"date' in str(schema).replace("'", '"')]


NO_DATES: Final = (
    "0", "1", "-1", "1e3", "1767225600", "2026-1-1", "20260101", "2026-02-30", "2026-01-01T00:00:00", "0000-00-00",
    "0001-01-01", "9999-12-31", "infinity", "now", "", "\uff12\uff10\uff12\uff16-01-01", "2026-01-01\0",
)  # fmt: skip
DATED: Final = [(route, name) for route in READS for name in dates_of(route)]


async def path_of(caller: Caller, route: Route) -> str:
    """The route's path with variable parts that exist, as far as one request can make them."""
    path = route.path.replace("{key}", "client.created")
    if "/v1/clients/{" in path:
        path = path.replace("{id}", (await caller.client())["id"])
    if "/v1/automations/{" in path:
        path = path.replace("{id}", (await caller.made_of("/v1/automations", an_automation()))["id"])
    if "/v1/collectors/{" in path:
        path = path.replace("{id}", (await caller.items("/v1/collectors"))[0]["id"])
    return path.replace("{id}", str(new_id()))


def cursors(path: str) -> list[str]:
    """Cursors that no list gave: other texts, keys of other types, and the ends of what a key can be."""
    keys = [
        ("\0",), ("x",), (1,), (-1,), (2**63 - 1,), (None,), (new_id(), "\0"), (new_id(), "EUR"), ("\0", new_id()),
        ("0001-01-01T00:00:00+14:00", "x"), ("9999-12-31T23:59:59.999999-14:00", "x"), ("9999-12-31", new_id()),
        (dt.datetime.max.replace(tzinfo=dt.UTC), "\0"), (), (new_id(), new_id(), new_id()), ([1],), ({"a": 1},),
    ]  # fmt: skip
    others = [write_cursor("/v1/another", new_id())]
    return [
        "",
        "\0",
        "WzFd",
        "nonsense",
        "é",
        "A" * 1000,
        "A" * 1001,
        *others,
        *(write_cursor(path, *key) for key in keys),
    ]


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.path)
async def test_a_cursor_that_the_list_did_not_give_is_refused_by_name(caller: Caller, route: Route) -> None:
    path, own = await path_of(caller, route), 0
    for cursor in cursors(route.path):
        answer = await caller.get(f"{path}?{urlencode({'cursor': cursor})}")
        own += answer.status == 200  # the types of its own key, which only this test can know how to write
        assert answer.status == 200 or "cursor" in answer.faults, (cursor, answer.text)
    assert own <= 3
    for cursor in cursors("/v1/another"):
        answer = await caller.get(f"{path}?{urlencode({'cursor': cursor})}")
        assert list(answer.faults) == ["cursor"], (cursor, answer.text)


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.path)
async def test_a_cursor_of_another_list_is_refused_by_name(caller: Caller, route: Route) -> None:
    for number in range(2):
        await caller.client(name=f"Client {number}")
    foreign = (await caller.read("/v1/clients?limit=1"))["next_cursor"]
    answer = await caller.get(f"{await path_of(caller, route)}?cursor={foreign}")
    assert answer.status == 200 if route.path == "/v1/clients" else list(answer.faults) == ["cursor"], answer.text


@pytest.mark.parametrize(("route", "name"), DATED, ids=lambda part: getattr(part, "path", part))
async def test_a_date_is_a_day_of_the_calendar_within_bounds(caller: Caller, route: Route, name: str) -> None:
    path = await path_of(caller, route)
    for text in NO_DATES:
        answer = await caller.get(f"{path}?{urlencode({name: text})}")
        assert (answer.status, list(answer.faults)) == (422, [name]), (text, answer.text)
    times = ("1970-01-01T00:00:00Z", "2026-02-28T12:00:00+02:00")
    for text in times if name == "since" else ("1900-01-01", "2026-02-28", "2199-12-31"):
        answer = await caller.get(f"{path}?{urlencode({name: text})}")
        assert answer.status == 200 or list(answer.faults) == ["to"], (text, answer.text)


@pytest.mark.parametrize("path", sorted({route.path for route in FIXED}))
async def test_a_fixed_word_is_not_taken_for_an_id(caller: Caller, path: str) -> None:
    verbs = {route.method for route in ROUTES if route.path == path}
    for verb in {"GET", "POST", "PUT", "PATCH", "DELETE"} - verbs:
        answer = await caller.send(verb, path, json={})
        assert answer.status == 405, (verb, answer.text)
        assert set(answer.headers["Allow"].split(", ")) == verbs | ({"HEAD"} if "GET" in verbs else set())
