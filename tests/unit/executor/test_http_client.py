"""The way out against those who would misuse it: private targets, names that lie, proxies, cookies, huge answers."""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from action_executor.http_client import (
    GuardedResolver,
    OutboundHttpClient,
    OutboundRequest,
    OutboundResponse,
    TargetRefused,
    TransportError,
    open_http_client,
)
from chassis.egress import EgressPolicy
from tests.support.receiver import Receiver, Reply, open_receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


def names(**addresses: list[str]) -> Any:
    """A system resolver that knows these names alone; each look-up of a name gives its next set of addresses."""
    given = {name.replace("_", "."): list(found) for name, found in addresses.items()}

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        if host not in given:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        found = given[host]
        now = (found.pop(0) if len(found) > 1 else found[0]).split()
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in now
        ]

    return look_up


@asynccontextmanager
async def way_out(allow: str = "", **given: Any) -> AsyncIterator[OutboundHttpClient]:
    usual = {"connect_seconds": 2.0, "timeout_seconds": 3.0}
    async with open_http_client(EgressPolicy.parse(allow), **(usual | given)) as http_client:
        yield http_client


def outward_connector(http_client: OutboundHttpClient) -> Any:
    return http_client._session.connector


async def reason_for(http_client: OutboundHttpClient, url: str) -> str:
    answer = await http_client.call(OutboundRequest("POST", url, {}, b"x"))
    assert isinstance(answer, TransportError), answer
    assert answer.refused, answer
    return answer.reason


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0",  # noqa: S104  a target, refused
        "[::1]", "[::]", "localhost",
        "localhost.", "x.localhost", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[::127.0.0.1]",
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "[fd00:ec2::254]", "[fe80::1]",
        "[fc00::1]", "[ff02::1]", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "[2002:7f00:1::]",
        "[2001:0:7f00:1::]", "168.63.129.16",
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_targets_that_are_not_public_are_refused_however_they_are_written(
    receiver: Receiver, scheme: str, host: str
) -> None:
    async with way_out() as http_client:
        await reason_for(http_client, f"{scheme}://{host}:{receiver.port}/hook")
    assert receiver.received == []


@pytest.mark.parametrize(
    "addresses",
    ["127.0.0.1", "10.1.2.3", "93.184.216.34 127.0.0.1", "2606:2800:220:1::1 fe80::1", "::ffff:127.0.0.1",
     "169.254.169.254", "64:ff9b::a00:1"],
)  # fmt: skip
async def test_a_name_with_any_address_that_is_not_public_is_refused(receiver: Receiver, addresses: str) -> None:
    async with way_out(look_up=names(evil_example=[addresses])) as http_client:
        reason = await reason_for(http_client, f"https://evil.example:{receiver.port}/hook")
    assert reason == "the target is not allowed"
    assert receiver.received == []


async def test_a_name_that_changes_its_mind_reaches_nothing_private(receiver: Receiver) -> None:
    look_up = names(evil_example=["127.0.0.2", "127.0.0.1"])
    async with way_out("127.0.0.2", look_up=look_up) as http_client:
        outward_connector(http_client)._cached_hosts._ttl = 0
        url = f"https://evil.example:{receiver.port}/"
        allowed = await http_client.call(OutboundRequest("POST", url, {}, b""))
        assert "not allowed" in await reason_for(http_client, url)
    assert isinstance(allowed, TransportError)
    assert not allowed.refused
    assert receiver.received == []


async def test_the_vetted_address_is_the_one_connected_to(receiver: Receiver) -> None:
    look_up = names(shop_test=["127.0.0.1", "127.0.0.2"])
    async with way_out("shop.test", look_up=look_up) as http_client:
        url = f"http://shop.test:{receiver.port}/hook"
        assert isinstance(await http_client.call(OutboundRequest("POST", url, {}, b"x")), OutboundResponse)
        assert isinstance(await http_client.call(OutboundRequest("POST", url, {}, b"x")), OutboundResponse)
    assert [request.headers["Host"] for request in receiver.received] == [f"shop.test:{receiver.port}"] * 2


async def test_a_listed_name_does_not_open_metadata(receiver: Receiver) -> None:
    async with way_out("shop.test", look_up=names(shop_test=["169.254.169.254"])) as http_client:
        assert "not allowed" in await reason_for(http_client, f"http://shop.test:{receiver.port}/hook")


async def test_even_past_the_urls_check_no_socket_is_made_towards_a_private_address(receiver: Receiver) -> None:
    async with way_out() as http_client:
        http_client._fault_of = lambda _: None  # type: ignore[assignment]  # as if the text had deceived it
        assert "not allowed" in await reason_for(http_client, receiver.url())
    assert receiver.received == []


async def test_a_resolver_refuses_by_itself() -> None:
    resolver = GuardedResolver(EgressPolicy(), names(evil_example=["10.0.0.1"]))
    with pytest.raises(TargetRefused, match="private"):
        await resolver.resolve("evil.example", 443)
    await resolver.close()


async def test_http_goes_only_to_listed_targets() -> None:
    async with way_out() as http_client:
        assert "https" in await reason_for(http_client, "http://example.com/hook")


async def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, receiver.url("/proxy"))
    async with way_out("127.0.0.0/8") as http_client:
        await http_client.call(OutboundRequest("POST", receiver.url("/direct"), {}, b"x"))
    assert [request.path for request in receiver.received] == ["/direct"]


async def test_cookies_are_not_kept_and_redirects_not_followed(receiver: Receiver) -> None:
    receiver.script(Reply(302, {"Location": receiver.url("/other"), "Set-Cookie": "a=b; Path=/"}))
    async with way_out("127.0.0.0/8") as http_client:
        answer = await http_client.call(OutboundRequest("POST", receiver.url(), {}, b"x"))
        await http_client.call(OutboundRequest("POST", receiver.url(), {}, b"x"))
    assert isinstance(answer, OutboundResponse)
    assert answer.status == 302
    assert [(request.path, "Cookie" in request.headers) for request in receiver.received] == [("/hook", False)] * 2


async def test_a_compressed_bomb_stays_compressed(receiver: Receiver) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    receiver.script(Reply(200, {"Content-Encoding": "gzip"}, bomb))
    async with way_out("127.0.0.0/8") as http_client:
        answer = await http_client.call(OutboundRequest("POST", receiver.url(), {}, b"x"))
    assert isinstance(answer, OutboundResponse)
    assert answer.body == bomb
    assert receiver.received[0].headers["Accept-Encoding"] == "identity"


async def test_only_so_much_of_an_answer_is_read(receiver: Receiver) -> None:
    receiver.script(Reply(200, body=b"x" * 1_000_000), Reply(200, body=b"y" * 1000))
    async with way_out("127.0.0.0/8") as http_client:
        long = await http_client.call(OutboundRequest("POST", receiver.url(), {}, b"x"))
        exact = await http_client.call(OutboundRequest("POST", receiver.url(), {}, b"x", read_bytes_max=1000))
    assert isinstance(long, OutboundResponse)
    assert (len(long.body), long.whole) == (64 * 1024, False)
    assert isinstance(exact, OutboundResponse)
    assert (len(exact.body), exact.whole) == (1000, True)


async def test_what_goes_wrong_on_the_way_is_said_in_words(receiver: Receiver) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        async with way_out("127.0.0.0/8 nowhere.test", look_up=names()) as http_client:
            refused = await http_client.call(OutboundRequest("POST", url, {}, b""))
            unknown = await http_client.call(OutboundRequest("POST", "https://nowhere.test/", {}, b""))
            receiver.script(Reply(cut=True))
            cut = await http_client.call(OutboundRequest("POST", receiver.url(), {}, b""))
            receiver.script(Reply(hang=True))
            slow = await http_client.call(OutboundRequest("POST", receiver.url(), {}, b"", timeout_seconds=0.2))
    assert isinstance(refused, TransportError)
    assert refused.reason.startswith("cannot connect to 127.0.0.1:")
    assert unknown == TransportError("the name nowhere.test does not resolve")
    assert cut == TransportError("the connection was closed before a response arrived")
    assert slow == TransportError("no answer in time", unanswered=True)


async def test_a_certificate_without_a_known_issuer_is_not_trusted(tmp_path: Path) -> None:
    app = web.Application()
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=_self_signed(tmp_path)).start()
    port = runner.addresses[0][1]
    try:
        async with way_out("shop.test", look_up=names(shop_test=["127.0.0.1"])) as http_client:
            answer = await http_client.call(OutboundRequest("POST", f"https://shop.test:{port}/", {}, b""))
    finally:
        await runner.cleanup()
    assert isinstance(answer, TransportError)
    assert "is not trusted" in answer.reason


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.test")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
