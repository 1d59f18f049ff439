"""Call the public API over the loopback with the caller's own credentials: tools have no other way into the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import orjson
from yarl import URL

from ingress.mcp.tool_specs import ApiRequest

CALLS_MAX: Final = 32  # at once, of all assistants together
ANSWER_BYTES_MAX: Final = 128 * 1024  # about 30,000 tokens, more than assistants take in at once
_TIMEOUT: Final = aiohttp.ClientTimeout(total=45, sock_connect=5)  # within the route's 60 s; the API answers in 10 s


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """An answer of the API; `body` is None when it was longer than `ANSWER_BYTES_MAX` or no JSON."""

    status: int
    body: Any
    is_too_long: bool = False


class ApiUnavailable(Exception):
    """The API did not answer."""


class ApiClient:
    """The API of this very process, behind the same checks as for all callers."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: ApiRequest, credentials: Mapping[str, str]) -> ApiAnswer:
        """Send a request with the headers of `credentials`.

        Raises:
            ApiUnavailable.
        """
        headers = {**credentials, "Accept": "application/json"}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if request.idempotency_key is not None:
            headers["Idempotency-Key"] = request.idempotency_key
        url = URL(self._url + request.path, encoded=True)
        content = None if request.body is None else orjson.dumps(request.body)
        try:
            async with self._opened().request(
                request.method, url.with_query(request.query), data=content, headers=headers, allow_redirects=False
            ) as reply:
                return await _read(reply)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ApiUnavailable(str(error) or "no answer in time") from None

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CALLS_MAX)
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT, connector=connector, trust_env=False)
        return self._session


async def _read(reply: aiohttp.ClientResponse) -> ApiAnswer:
    raw = bytearray()
    async for part in reply.content.iter_any():
        raw += part
        if len(raw) > ANSWER_BYTES_MAX:
            return ApiAnswer(reply.status, None, is_too_long=True)
    try:
        return ApiAnswer(reply.status, orjson.loads(raw))
    except orjson.JSONDecodeError:
        return ApiAnswer(reply.status, None)
