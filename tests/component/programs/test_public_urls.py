"""Every URL that leaves, in an answer, a header or an event, is absolute and begins with the public URL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from chassis.settings import ServiceSettings, SettingsError
from standalone.all_in_one import prepare_all
from tests.support.api_installation import House, open_house
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.postgres_server import Postgres

PUBLIC = "https://books.example.com/ledger"


@pytest.fixture(scope="module")
async def house(postgres: Postgres) -> AsyncIterator[House]:
    async with open_house(await postgres.copy_of(prepare_all), public_url=f"{PUBLIC}/") as running:
        yield running


@pytest.fixture
async def caller(house: House) -> Caller:
    return await house.account()


def urls_in(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for name, inner in value.items():
                if isinstance(inner, str) and (name == "url" or name.endswith("_url")):
                    yield inner
                else:
                    yield from urls_in(inner)
        case list():
            for inner in value:
                yield from urls_in(inner)


def with_a_file() -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("file", b"%PDF-1.7 x", filename="a.pdf", content_type="application/pdf")
    return form


async def test_urls_in_answers_lists_exports_and_events_are_public_ones(caller: Caller) -> None:
    client = await caller.client()
    made = await caller.sale(client["id"])
    pushed = (await caller.send("POST", "/v1/inbox/purchases", data=with_a_file())).json
    channel = await caller.channel()
    assert made["pdf_url"] == f"{PUBLIC}/v1/sales/{made['id']}/pdf"
    assert pushed["file"]["url"] == f"{PUBLIC}/v1/inbox/purchases/{pushed['id']}/file"
    assert channel["url"].startswith(f"{PUBLIC}/ext/direct/inbox/")

    async def event(trigger: str) -> Any:
        return (await caller.read(f"/v1/triggers/{trigger}/events"))[:1]

    (posted,), (received,) = [
        await eventually(lambda: event("sale.posted")),
        await eventually(lambda: event("inbox.received")),
    ]
    assert (posted["data"]["pdf_url"], received["data"]["file"]) == (made["pdf_url"], pushed["file"])
    answers = [
        await caller.read(path)
        for path in (f"/v1/sales/{made['id']}", "/v1/sales", f"/v1/inbox/purchases/{pushed['id']}", "/v1/channels")
    ]
    exported = await caller.get("/v1/sales/export?format=jsonl")
    assert f'"pdf_url":"{made["pdf_url"]}"' in exported.text
    reported = [*urls_in(answers)]
    assert len(reported) == 4
    assert all(url.startswith(f"{PUBLIC}/") for url in reported)


async def test_a_link_to_the_next_page_is_public_whatever_host_was_asked(caller: Caller) -> None:
    for name in ("Ada", "Bo"):
        await caller.client(name=name)

    async def two() -> bool:
        return len(await caller.read("/v1/triggers/client.created/events")) == 2

    await eventually(two)
    answer = await caller.get("/v1/triggers/client.created/events?limit=1", headers={"Host": "elsewhere.example"})
    assert answer.headers["Link"].startswith(f"<{PUBLIC}/v1/triggers/client.created/events?limit=1&cursor=")
    (rest,) = (await caller.get(answer.headers["Link"].partition(">")[0][1:].removeprefix(PUBLIC))).json
    assert rest["data"]["name"] == "Ada"


@pytest.mark.parametrize(
    "url", ["books.example.com", "ftp://x", "https://", "https://x?a=1", "https://me:pw@x", "http://ü"]
)
def test_what_is_no_public_url_is_refused_at_start(url: str) -> None:
    with pytest.raises(SettingsError, match=r"LEDGERWIRE_PUBLIC_URL: .*must be an absolute URL"):
        ServiceSettings.read(postgres_dsn="x", public_url=url)


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"host": "::1", "port": 80}, "http://[::1]:80"),
        ({"public_url": "https://x.example/"}, "https://x.example"),
    ],
)
def test_the_public_url_is_where_ingress_listens_unless_set(given: dict[str, Any], base: str) -> None:
    assert ServiceSettings.read(postgres_dsn="x", **given).urls.base == base
