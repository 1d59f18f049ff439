"""The HTTP client of the executor, the only one, for deliveries and steps.

It resolves a name, checks every address, and connects only to a checked address: it also creates the sockets, so that
no literal address and no changed DNS answer bypasses the check. No redirects, no cookies, no proxies from the
environment, no decompression; time, size and connections are bounded.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import aiohttp
import structlog
from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict
from yarl import URL

from action_executor.answer_head import StatusAlone, StatusFirstConnector, StatusFirstResponse
from action_executor.foreign_text import clean_text
from chassis.egress import HTTPS_ONLY, EgressPolicy, form_fault
from contracts.version import VERSION

USER_AGENT: Final = f"Ledgerwire/{VERSION}"
ADDRESSES_MAX: Final = 16
RESOLVER_THREADS: Final = 16  # a name server that hangs holds one each; the others go on
IDLE_CONNECTION_SECONDS: Final = 30.0
DNS_CACHE_SECONDS: Final = 30
URLS_REMEMBERED_MAX: Final = 4096
READ_BYTES_MAX: Final = 64 * 1024
REASON_CHARACTERS_MAX: Final = 500
NOT_ALLOWED: Final = "is not allowed"
SMALL_BYTES_MAX: Final = 256 * 1024
LARGE_AT_ONCE_MAX: Final = 8  # larger bodies, each up to its caller's bound: 20 MiB for a step
BODILESS: Final = frozenset({204, 304})

log = structlog.get_logger(__name__)

LookUp = Callable[..., list[Any]]
"""Resolves a name to addresses: `socket.getaddrinfo` or a replacement."""

# The host that the current task calls: the socket factory only gets an address.
_host: ContextVar[str | None] = ContextVar("host", default=None)


class TargetRefused(OSError):
    """The target is none that outbound calls may reach."""


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """A response.

    `body` has at most the requested bytes; `whole`: that was all. `fault` says why the body could not be read to its
    end; the status is valid anyway.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class TransportError:
    """No readable response, and why.

    `refused`: the target may never be called; `answered`: it responded with something else than HTTP; `unanswered`: it
    may have the request, and no response arrived in time.
    """

    reason: str
    refused: bool = False
    answered: bool = False
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """One request. `body` is sent unchanged; None sends none. Without `timeout_seconds` the default applies."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    read_bytes_max: int = READ_BYTES_MAX
    timeout_seconds: float | None = None


class GuardedResolver(AbstractResolver):
    """Resolves a name and refuses it when any of its addresses may not be reached."""

    def __init__(self, policy: EgressPolicy, look_up: LookUp = socket.getaddrinfo) -> None:
        self._policy, self._system_look_up = policy, look_up
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`, each checked.

        Raises:
            TargetRefused: one of them may not be reached.
            OSError: the name does not resolve.
        """
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self._look_up, host, port, family)
        for _, _, _, _, address in found:
            if fault := self._policy.refuses_address(str(address[0]), host=host):
                raise TargetRefused(f"{host}: {fault}")
        return [
            ResolveResult(hostname=host, host=str(address[0]), port=port, family=kind, proto=proto,
                          flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)
            for kind, _, proto, _, address in found
        ]  # fmt: skip

    def _look_up(self, host: str, port: int, family: socket.AddressFamily) -> list[Any]:
        return self._system_look_up(host, port, family=family, type=socket.SOCK_STREAM)[:ADDRESSES_MAX]

    async def close(self) -> None:
        """Release the threads; one that hangs in the system's resolver ends later."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class OutboundHttpClient:
    """The outbound HTTP client. One per process, shared: connections to a receiver are reused."""

    def __init__(
        self, session: aiohttp.ClientSession, policy: EgressPolicy, *, connect_seconds: float, timeout_seconds: float
    ) -> None:
        self._session, self.policy = session, policy
        self._connect_seconds = connect_seconds
        self._large = asyncio.Semaphore(LARGE_AT_ONCE_MAX)
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, connect=connect_seconds)
        self._fault_of = lru_cache(maxsize=URLS_REMEMBERED_MAX)(policy.allows_url)

    async def call(self, call: OutboundRequest) -> OutboundResponse | TransportError:
        """Make one request; never raises for errors of the network, the receiver or the policy.

        The status line decides: a response with a broken head or body is an `OutboundResponse`.
        """
        if (refusal := self.refusal(call.url)) is not None:
            return refusal
        # The URL is sent as it was checked and stored, not quoted again.
        url = URL(call.url, encoded=True)
        _host.set(url.raw_host)
        try:
            async with self._session.request(
                call.method,
                url,
                data=call.body,
                headers=call.headers,
                allow_redirects=False,
                timeout=self._timeout_of(call),
            ) as reply:
                return await _read(reply, call.read_bytes_max, self._turn(call))
        except StatusAlone as error:
            return OutboundResponse(error.status, {}, b"", whole=False, fault="the response's head is not readable")
        except TimeoutError as error:
            connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
            reason = "no connection in time" if connecting else "no answer in time"
            return TransportError(reason, unanswered=not connecting)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return _explain(error)
        except Exception as error:
            # A delivery must end by what its receiver did: an exception here would send it again and again.
            log.exception("call_failed_unexpectedly", error=repr(error))
            return TransportError(f"the response could not be read: {type(error).__name__}")

    def refusal(self, url: str) -> TransportError | None:
        """Why this URL is never called; None when it may be. Where its name leads is judged at the connection."""
        fault = self._fault_of(url)
        if not fault:
            return None
        log.info("target_refused", error=fault)
        reason = fault if fault in (HTTPS_ONLY, form_fault(url)) else NOT_ALLOWED
        return TransportError(f"the target {reason}", refused=True)

    @asynccontextmanager
    async def _turn(self, call: OutboundRequest) -> AsyncIterator[None]:
        """Wait for a slot for a large body, within the request's timeout."""
        async with asyncio.timeout(self._timeout_of(call).total):
            await self._large.acquire()
        try:
            yield
        finally:
            self._large.release()

    def _timeout_of(self, call: OutboundRequest) -> aiohttp.ClientTimeout:
        if call.timeout_seconds is None:
            return self._timeout
        return aiohttp.ClientTimeout(total=call.timeout_seconds, connect=self._connect_seconds)


async def _read(
    reply: aiohttp.ClientResponse, bytes_max: int, large: AbstractAsyncContextManager[Any]
) -> OutboundResponse:
    """Read up to a bound; a longer or a broken response closes the connection.

    `large` makes a large body wait for a slot.
    """
    parts: list[bytes] = []
    whole, fault = False, None
    try:
        whole = await _read_on(reply, parts, min(bytes_max, SMALL_BYTES_MAX))
        if not whole and bytes_max > SMALL_BYTES_MAX:
            async with large:
                whole = await _read_on(reply, parts, bytes_max)
    except TimeoutError:
        fault = "the response's body did not end in time"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        fault = f"the response's body is broken: {_in_words(error)}"[:REASON_CHARACTERS_MAX]
    if not whole or _has_more(reply):
        reply.close()
    headers = CIMultiDict((clean_text(name), clean_text(value)) for name, value in reply.headers.items())
    return OutboundResponse(reply.status, headers, b"".join(parts)[:bytes_max], whole, fault)


async def _read_on(reply: aiohttp.ClientResponse, parts: list[bytes], bytes_max: int) -> bool:
    """Read until there are more than `bytes_max`; return whether the body ended before."""
    size = sum(map(len, parts))
    while size <= bytes_max and (part := await reply.content.read(bytes_max + 1 - size)):
        parts.append(part)
        size += len(part)
    return size <= bytes_max


def _has_more(reply: aiohttp.ClientResponse) -> bool:
    """Whether a body was announced where there can be none: its bytes would be read as the next response."""
    announced = reply.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in reply.headers
    return reply.status in BODILESS and announced


def _explain(error: BaseException) -> TransportError:
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, TargetRefused):
            # Where a name leads inside our network is for the operator alone.
            log.info("target_refused", error=clean_text(str(link)))
            return TransportError(f"the target {NOT_ALLOWED}", refused=True)
        link = link.__cause__ or link.__context__
    answered = isinstance(error, aiohttp.ClientResponseError)
    return TransportError(_in_words(error)[:REASON_CHARACTERS_MAX], answered=answered)


def _in_words(error: BaseException) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            reason = f"the name {error.host} does not resolve"
        case aiohttp.ClientConnectorCertificateError():
            reason = f"the certificate of {error.host} is not trusted: {error.certificate_error}"
        case aiohttp.ClientConnectorError():
            reason = f"cannot connect to {error.host}:{error.port}: {_why(error.os_error)}"
        case aiohttp.ServerDisconnectedError():
            reason = "the connection was closed before a response arrived"
        case aiohttp.ClientResponseError():  # its text has the whole URL, which may be a secret
            reason = f"the response is not readable: {error.message}"
        case OSError():
            reason = f"the connection failed: {_why(error)}"
        case _:
            reason = f"{type(error).__name__}: {error}"
    return clean_text(reason)


def _why(error: OSError) -> str:
    """The system's word for an error: its text may hold the addresses that were tried."""
    return os.strerror(error.errno) if error.errno else "no address answers"


def _socket_factory(policy: EgressPolicy) -> Callable[[AddrInfoType], socket.socket]:
    """Make sockets only towards addresses that may be reached: the last gate, which literal addresses pass too."""

    def make(info: AddrInfoType) -> socket.socket:
        family, kind, proto, _, address = info
        if fault := policy.refuses_address(str(address[0]), host=_host.get()):
            raise TargetRefused(fault)
        return socket.socket(family, kind, proto)

    return make


@asynccontextmanager
async def open_http_client(
    policy: EgressPolicy, *, connect_seconds: float, timeout_seconds: float, look_up: LookUp = socket.getaddrinfo
) -> AsyncIterator[OutboundHttpClient]:
    """Open the HTTP client; closing it drops the connections. `look_up` is the system's resolver."""
    resolver = GuardedResolver(policy, look_up)
    connector = StatusFirstConnector(
        resolver=resolver,
        socket_factory=_socket_factory(policy),
        limit=0,  # callers have their own bounds, by receiver, account and in total
        ttl_dns_cache=DNS_CACHE_SECONDS,
        keepalive_timeout=IDLE_CONNECTION_SECONDS,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        response_class=StatusFirstResponse,
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )
    try:
        async with session:
            yield OutboundHttpClient(session, policy, connect_seconds=connect_seconds, timeout_seconds=timeout_seconds)
    finally:
        await resolver.close()
