"""What HTTP itself can bring: wrong paths, verbs, bodies and queries, each answered by a problem."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import orjson
import pytest

from tests.support.ingress import Ingress, prepare, running_ingress
from tests.support.postgres_server import Postgres


@pytest.fixture(scope="module")
async def ingress(postgres: Postgres) -> AsyncIterator[Ingress]:
    async with running_ingress(await postgres.copy_of(prepare)) as running:
        yield running


async def speak(ingress: Ingress, said: bytes) -> bytes:
    """Send bytes over a connection of their own; answer all that comes back."""
    place = urlsplit(ingress.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(said)
    await writer.drain()
    try:
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v1/me/", 404),
        ("GET", "//v1/me", 404),
        ("GET", "/v1/tokens/not-an-id", 404),
        ("GET", "/v1/channels/%00", 404),
        ("GET", "/v1/operations/01a1f8bd-872e-748a-bedd-67019a3b4f91", 404),
        ("DELETE", "/v1/me", 405),
        ("PATCH", "/v1/tokens", 405),
        ("OPTIONS", "/v1/me", 405),
    ],
)
async def test_a_wrong_path_or_verb_is_a_problem(ingress: Ingress, method: str, path: str, status: int) -> None:
    reply = await (await ingress.account()).send(method, path)
    assert reply.status == status
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json.keys() >= {"type", "title", "status", "detail", "code"}
    assert reply.json["status"] == status
    assert ("Allow" in reply.headers) == (status == 405)


async def test_every_answer_carries_its_request_id(ingress: Ingress) -> None:
    account = await ingress.account()
    ids = {(await account.get(path)).headers["X-Request-Id"] for path in ("/v1/me", "/v1/me", "/nothing")}
    assert len(ids) == 3


async def test_head_is_get_without_a_body(ingress: Ingress) -> None:
    account = await ingress.account()
    reply = await account.send("HEAD", "/v1/me")
    assert (reply.status, reply.raw) == (200, b"")


async def test_unknown_fields_are_refused_by_name_and_all_faults_are_reported(ingress: Ingress) -> None:
    account = await ingress.account()
    reply = await account.post("/v1/channels", {"kind": "pigeon", "colour": "red", "name": ""})
    assert reply.status == 422
    assert reply.json["code"] == "invalid_input"
    assert sorted(reply.paths) == ["colour", "kind", "name"]


@pytest.mark.parametrize("body", [b'{"name": "x"', b"", b"[", b'{"name": x}', b'{"name" "a"}'])
async def test_a_body_that_is_not_json_is_refused_with_the_position(ingress: Ingress, body: bytes) -> None:
    account = await ingress.account()
    reply = await account.send("POST", "/v1/tokens", data=body, headers={"Content-Type": "application/json"})
    if body:
        assert (reply.status, reply.json["code"]) == (400, "malformed")
        assert "line 1, column" in reply.json["detail"]
    else:
        assert (reply.status, reply.paths) == (422, ["name"])


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"1"])
async def test_json_that_is_no_object_is_refused(ingress: Ingress, body: bytes) -> None:
    account = await ingress.account()
    reply = await account.send("POST", "/v1/tokens", data=body, headers={"Content-Type": "application/json"})
    assert reply.status == 422


async def test_deep_nesting_is_refused(ingress: Ingress) -> None:
    account = await ingress.account()
    body = b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    reply = await account.send("POST", "/v1/tokens", data=body, headers={"Content-Type": "application/json"})
    assert (reply.status, reply.json["code"]) == (400, "malformed")


async def test_a_nul_character_is_refused_with_its_path(ingress: Ingress) -> None:
    account = await ingress.account()
    reply = await account.post("/v1/tokens", {"name": "a\0b", "scopes": ["read", "\0"]})
    assert reply.status == 422
    assert reply.paths == ["name", "scopes[1]"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
async def test_another_content_type_is_415(ingress: Ingress, content_type: str) -> None:
    account = await ingress.account()
    reply = await account.send("POST", "/v1/tokens", data=b'{"name":"x"}', headers={"Content-Type": content_type})
    assert (reply.status, reply.json["code"]) == (415, "unsupported_media_type")


async def test_who_sends_xml_gets_the_problem_as_xml(ingress: Ingress) -> None:
    account = await ingress.account()
    reply = await account.send("POST", "/v1/tokens", data=b"<name/>", headers={"Content-Type": "application/xml"})
    assert reply.status == 415
    assert reply.headers["Content-Type"] == "application/problem+xml"
    assert b"<status>415</status>" in reply.raw


async def test_a_verb_without_a_body_takes_an_empty_object_and_nothing_more(ingress: Ingress) -> None:
    account = await ingress.account()
    assert (await account.post("/v1/api-credentials", {})).status == 201
    reply = await account.post("/v1/api-credentials", {"name": "x"})
    assert (reply.status, reply.paths) == (422, ["name"])


async def test_a_body_over_the_limit_is_413_announced_or_not(ingress: Ingress) -> None:
    account = await ingress.account()
    big = b'{"name":"' + b"x" * (1024 * 1024) + b'"}'

    async def in_pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(big), 65_536):
            yield big[at : at + 65_536]

    headers = {"Content-Type": "application/json"}
    for data in (big, in_pieces()):
        reply = await account.send("POST", "/v1/tokens", data=data, headers=headers)
        assert (reply.status, reply.json["code"]) == (413, "body_too_large")


async def test_a_packed_body_is_measured_unpacked(ingress: Ingress) -> None:
    account = await ingress.account()
    bomb = gzip.compress(b" " * 50_000_000)
    reply = await account.send(
        "POST", "/v1/tokens", data=bomb, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}
    )
    assert reply.status == 413


async def test_a_connection_that_is_of_no_further_use_is_said_to_close(ingress: Ingress) -> None:
    account = await ingress.account()
    big = b" " * (2 * 1024 * 1024)
    reply = await account.send("POST", "/v1/tokens", data=big, headers={"Content-Type": "application/json"})
    assert (reply.status, reply.headers.get("Connection")) == (413, "close")
    assert (await account.get("/v1/me")).status == 200


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=WzFd", "cursor"),
    ],
)
async def test_a_wrong_query_is_reported_by_parameter(ingress: Ingress, query: str, path: str) -> None:
    account = await ingress.account()
    reply = await account.get(f"/v1/tokens?{query}")
    assert (reply.status, reply.paths) == (422, [path])


async def test_a_path_without_parameters_refuses_them_by_name(ingress: Ingress) -> None:
    account = await ingress.account()
    assert (await account.get("/v1/me?x=1")).paths == ["x"]


async def test_a_key_that_cannot_be_kept_is_refused(ingress: Ingress) -> None:
    account = await ingress.account()
    for key in ("", "x" * 256, "né"):
        reply = await account.post("/v1/tokens", {"name": "x"}, headers={"Idempotency-Key": key})
        assert (reply.status, reply.paths) == (422, ["Idempotency-Key"])


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nBroken header\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_answered_with_a_problem(ingress: Ingress, said: bytes) -> None:
    head, _, body = (await speak(ingress, said)).partition(b"\r\n\r\n")
    assert head[8:13] == b" 400 "
    assert b"application/problem+json" in head
    assert orjson.loads(body)["code"] == "malformed"


async def test_a_body_that_breaks_off_does_no_harm(ingress: Ingress) -> None:
    account = await ingress.account()
    bearer = account.made["access_token"].encode()
    head = b"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + bearer
    reported = await speak(
        ingress, head + b"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    )
    assert reported[8:13] == b" 400 "
    assert (await account.get("/v1/me")).status == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_how_the_service_is_stays_off_the_public_port(ingress: Ingress, path: str) -> None:
    assert (await ingress.send("GET", path)).status == 404


@pytest.mark.parametrize("host", ["a b", "a/b", "[::1", "x:port", "a@b", "é"])
async def test_a_malformed_host_is_refused(ingress: Ingress, host: str) -> None:
    reported = await speak(ingress, f"GET /v1/me HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert reported[8:13] == b" 400 "


@pytest.mark.parametrize("host", ["", "x", "x:80", "127.0.0.1:8080", "[::1]:80", "a_b.example"])
async def test_any_host_that_could_be_one_is_taken(ingress: Ingress, host: str) -> None:
    reported = await speak(ingress, f"GET /v1/me HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert reported[8:13] == b" 401 "
