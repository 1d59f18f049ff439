"""Senders who mean harm, or whose programs do: each gets a clear refusal, and no other caller waits for them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from contracts.strict_json import DEPTH_MAX
from ingress.http import incoming
from tests.support.ingress import Ingress, prepare, running_ingress
from tests.support.postgres_server import Postgres

JSON = {"Content-Type": "application/json"}
MIB = 1024 * 1024


@pytest.fixture(scope="module")
async def ingress(postgres: Postgres) -> AsyncIterator[Ingress]:
    async with running_ingress(await postgres.copy_of(prepare)) as running:
        yield running


async def connect(ingress: Ingress) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    place = urlsplit(ingress.url)
    return await asyncio.open_connection(place.hostname, place.port)


async def speak(ingress: Ingress, said: bytes) -> bytes:
    """Send bytes over a connection of their own and end; return all that comes back."""
    reader, writer = await connect(ingress)
    try:
        writer.write(said)
        await writer.drain()
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize("levels", [DEPTH_MAX + 1, 199, 251, 252, 100_000])
async def test_json_beyond_the_bound_on_depth_is_refused_wherever_it_is_sent(ingress: Ingress, levels: int) -> None:
    account = await ingress.account()
    channels = [await account.channel(kind) for kind in ("hook", "direct", "orders")]
    replies = [await ingress.send("POST", one["url"], data=nested(levels), headers=JSON) for one in channels]
    paths = ("/v1/tokens", "/v1/automations", "/v1/connections", "/v1/inbox/purchases", "/v1/clients")
    replies += [await account.send("POST", path, data=nested(levels), headers=JSON) for path in paths]
    assert [(reply.status, reply.json["code"]) for reply in replies] == [(400, "malformed")] * len(replies)


async def test_an_event_at_the_bound_on_depth_is_taken(ingress: Ingress) -> None:
    channel = await (await ingress.account()).channel("hook")
    assert (await ingress.send("POST", channel["url"], data=nested(DEPTH_MAX), headers=JSON)).status == 200


async def test_a_name_twice_is_malformed_wherever_it_is_sent(ingress: Ingress) -> None:
    account = await ingress.account()
    body = b'{"document":{"lines":[{"name":"a","name":"b"}]}}'
    replies = [await ingress.send("POST", (await account.channel("hook"))["url"], data=body, headers=JSON)]
    replies += [await ingress.send("POST", (await account.channel("direct"))["url"], data=body, headers=JSON)]
    replies += [await account.send("POST", path, data=body, headers=JSON) for path in ("/v1/tokens", "/v1/inbox/sales")]
    for reply in replies:
        assert (reply.status, reply.json["code"]) == (400, "malformed")
        assert "'name' twice" in reply.json["detail"]


async def test_half_a_megabyte_of_faults_is_answered_in_brief(ingress: Ingress) -> None:
    account = await ingress.account()
    hook = await account.channel("hook")
    nul = b'{"' + b"n" * 200 + b'":[' + b'"\\u0000",' * 60_000 + b'""]}'
    reply = await ingress.send("POST", hook["url"], data=nul, headers=JSON)
    assert (reply.status, len(reply.paths)) == (422, 50)
    lines = b'{"sale_type":"sales_invoice","lines":[' + b'{"x":1},' * 4_000 + b"{}]}"
    reply = await account.send("POST", "/v1/sales", data=lines, headers=JSON)
    assert reply.status == 422
    assert len(reply.raw) < 50_000


async def test_slow_senders_of_one_account_leave_room_for_other_accounts(ingress: Ingress) -> None:
    channel = await (await ingress.account()).channel("hook")
    path = urlsplit(channel["url"]).path
    head = (
        f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {MIB}\r\n\r\n[".encode()
    )
    async with AsyncExitStack() as stack:
        for _ in range(140):
            _, writer = await connect(ingress)
            stack.callback(writer.close)
            writer.write(head)
            await writer.drain()
        other = await ingress.account()
        reply = await other.post("/v1/tokens", {"name": "x" * (MIB // 2)})
        assert reply.status == 422  # read, and too long for a name
        assert (await other.get("/v1/me")).status == 200


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/v1/tokens", "application/json"),
        ("/v1/imports?kind=clients", "text/csv"),
        ("/v1/inbox/sales", "multipart/form-data; boundary=x"),
    ],
)
async def test_a_body_that_stops_coming_is_given_up(
    ingress: Ingress, monkeypatch: pytest.MonkeyPatch, path: str, content_type: str
) -> None:
    monkeypatch.setattr(incoming, "GRACE_SECONDS", 0.2)
    token = (await ingress.account()).made["access_token"]
    reader, writer = await connect(ingress)
    head = (f"POST {path} HTTP/1.1", "Host: a", f"Content-Type: {content_type}", f"Authorization: Bearer {token}")
    writer.write("\r\n".join([*head, "Content-Length: 1000", "", "-"]).encode())
    await writer.drain()
    status_line = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    assert status_line.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("path", ["/nothing", "/v1/me", "/v1/tokens", "/ext/hooks/unknown"])
async def test_a_compressed_body_that_is_not_read_is_not_inflated(ingress: Ingress, path: str) -> None:
    headers = JSON | {"Content-Encoding": "gzip"}
    reply = await ingress.send("POST", path, data=b"no gzip: inflating it would fail", headers=headers)
    assert reply.status in {401, 404, 405}


async def test_an_unknown_content_encoding_is_named(ingress: Ingress) -> None:
    account = await ingress.account()
    reply = await account.send("POST", "/v1/tokens", data=b"x", headers=JSON | {"Content-Encoding": "br"})
    assert (reply.status, reply.headers["Accept-Encoding"]) == (415, "gzip, deflate")


async def test_wrong_credentials_are_limited_and_right_ones_are_not(postgres: Postgres) -> None:
    dsn = await postgres.copy_of(prepare)
    async with running_ingress(dsn, wrong_credentials_per_second=0.1) as limited:
        account = await limited.account()
        assert (await account.get("/v1/me")).status == 200
        wrong: list[dict[str, Any]] = [{"headers": {"Authorization": f"Bearer lw_{n}"}} for n in range(6)]
        statuses = [(await limited.send("GET", "/v1/me", **one)).status for one in wrong]
        assert statuses == [401] * 6
        pair = {"APIKey": account.made["api_key"], "APIToken": "wrong"}
        refused = await limited.send("GET", "/v1/me", headers=pair)
        assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
        assert int(refused.headers["Retry-After"]) >= 1
        assert (await limited.send("POST", "/ext/hooks/unknown", data=b"1", headers=JSON)).status == 429
        assert (await account.get("/v1/me")).status == 200


async def test_callers_and_channels_are_limited_each_by_itself(postgres: Postgres) -> None:
    dsn = await postgres.copy_of(prepare)
    async with running_ingress(dsn, caller_requests_per_second=1, channel_requests_per_second=0.01) as limited:
        account = await limited.account()
        channel = await account.channel("hook")
        replies = [await account.get("/v1/me") for _ in range(2)]
        assert (replies[-1].status, replies[-1].headers["Retry-After"]) == (429, "1")
        posts = [await limited.send("POST", channel["url"], data=b"1", headers=JSON) for _ in range(2)]
        assert [post.status for post in posts] == [200, 429]
        assert (await (await limited.account()).get("/v1/me")).status == 200


HEADS = [
    b"Host: a", b"Host: a:99999", b"Host:", b"Host: a b", b"Host: [::1", b"Host: \xff", b"Host: a\r\nHost: b",
    b"X: y", b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: 5\r\nContent-Length: 6",
    b"Content-Length: 99999999999999", b"Content-Length: 1e3", b"Content-Length: 0x5", b"Content-Length: +5",
    b"Content-Length: 5, 5", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    b"Transfer-Encoding: identity", b"Transfer-Encoding: \x0bchunked", b"Content-Type: application/json",
    b"Content-Type: multipart/form-data; boundary=x", b"Content-Type: \xff/\xfe",
    b"Content-Type: application/x-www-form-urlencoded", b"Content-Type: text/xml; charset=nonsense",
    b"Content-Type: application/json; charset=\xc3\xa9", b"Content-Type: multipart/form-data; boundary=\xff",
    b"Authorization: Bearer \xff\xfe", b"Authorization: Bearer", b"Authorization: Basic \xff",
    b"Authorization: Bearer lw_\xc3\xa9", b"APIKey: \xff\r\nAPIToken: \xff", b"APIKey: k\r\nAPIKey: l\r\nAPIToken: t",
    b"Idempotency-Key: \xff", b"Idempotency-Key:", b"Prefer: \xff", b"Accept: \xff", b"traceparent: \xff",
    b"If-Match: \xff", b"If-Match: nonsense", b"Expect: 100-continue", b"Expect: nonsense", b"Content-Encoding: gzip",
    b"Content-Encoding: \xff", b"Upgrade: h2c\r\nConnection: upgrade", b"Connection: \xff", b"Range: bytes=9-1",
    b"Cookie: \xff=\xff; a", b"Last-Event-ID: \xff", b" folded: yes", b"no colon", b"N\x00ul: 1", b"Nul: \x00",
    b"Long: " + b"x" * 20_000, b"\xff: 1", b"Origin: \xff", b"X-Forwarded-For: \xff",
]  # fmt: skip
TARGETS = [
    b"/v1/me", b"/v1/tokens", b"/v1/clients?limit=\xff", b"/v1/clients?limit=%ff", b"/v1/clients?%00=%00",
    b"/v1/clients/%ff", b"/v1/clients/\xff", b"/v1/clients?cursor=%ff%fe", b"/v1/sales?query=%ed%a0%80", b"*", b"//",
    b"http://a/v1/me", b"http://[/v1/me", b"http://a:b/v1/me", b"a:b", b"/%", b"/%zz", b"/v1/%2e%2e/me", b"/..//v1",
    b"/ext/hooks/%00", b"/ext/hooks/\xff", b"/ext/hooks/x?%ff", b"/ext/direct/inbox/%ff",
    b"/v1/clients?APIKey=%ff&APIToken=%ff", b"/v1/clients?APIKey=%00&APIToken=%00", b"/#x", b"/?" + b"a=1&" * 3_000,
    b"/v1/channels", b"/v1/inbox/sales", b"/v1/imports?kind=clients", b"", b"/v1/reports/ageing?as_of=%ff",
]  # fmt: skip
METHODS = [
    b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"TRACE", b"CONNECT", b"get", b"\xff", b"",
]  # fmt: skip
BODIES = [
    b"", b"hello", b"{}", b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhel", b"zz\r\nhello\r\n0\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffffff\r\nx", b"5;ext=\xff\r\nhello\r\n0\r\nTrailer: \xff\r\n\r\n",
    b"5\nhello\n0\n\n", b"0\r\n\r\n", b"2\r\n{}\r\n0\r\n\r\nGET /v1/me HTTP/1.1\r\nHost: a\r\n\r\n",
    b"--x\r\n\r\n--x--", b"\xff\xfe",
]  # fmt: skip
VERSIONS = [b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9.9", b"http/1.1", b""]


def requests(count: int, bearer: str) -> list[bytes]:
    """So many requests, the same each time, each with up to four oddities."""
    dice, made = random.Random(7), []  # noqa: S311  the same each time
    right = f"Authorization: Bearer {bearer}".encode()
    for _ in range(count):
        heads = dice.sample(HEADS, dice.randrange(4))
        if not any(head.startswith(b"Host") for head in heads):
            heads.append(b"Host: a")
        if dice.random() < 0.6:
            heads.append(right)
        line = b" ".join(
            [dice.choice(METHODS[:5] if dice.random() < 0.9 else METHODS), dice.choice(TARGETS), dice.choice(VERSIONS)]
        )
        made.append(b"\r\n".join([line, *heads, b"", dice.choice(BODIES)]))
    return made


async def test_no_bytes_at_all_make_the_server_fail(ingress: Ingress) -> None:
    account = await ingress.account()
    failed = []
    for said in requests(1_500, account.made["access_token"]):
        answer = await speak(ingress, said)
        if answer and (not answer.startswith(b"HTTP/1.") or answer[9:10] == b"5"):
            failed.append((said[:300], answer[:300]))
    assert failed == []
    assert (await account.get("/v1/me")).status == 200
