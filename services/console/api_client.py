"""Call the public API in a person's name; what it refuses becomes one exception with every fault."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson

_REFUSED: Final = 400
_PENDING: Final = 202
_NOT_FOUND: Final = 404
_UNAVAILABLE: Final = 503
TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=5)  # the API itself answers within 10 s
CONNECTIONS_MAX: Final = 100  # of one console process; the API serves thousands of requests a second on fewer


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with an input: the field's path and what to do about it; `code` of the whole problem."""

    path: str
    message: str
    code: str = ""


@dataclass(eq=False)
class Problem(Exception):
    """What the API refused, as its problem details say."""

    status: int
    code: str = ""
    detail: str = ""
    faults: list[FieldError] = field(default_factory=list)

    @property
    def field_errors(self) -> list[FieldError]:
        """What is to be shown of it: every fault, else the whole."""
        return self.faults or [FieldError("", self.detail, self.code)]


class Pending(Exception):
    """The API took the request and has no result yet."""


class ApiClient:
    """The API as one person may use it; without a token, what is open without credentials."""

    def __init__(self, session: aiohttp.ClientSession, base: str, token: str | None = None) -> None:
        self._session, self._base = session, base
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The answer of a GET; parameters that are None or empty are left out."""
        return await self.send("GET", path, query=query)

    async def find(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The answer of a GET; None where there is no such object, or not any more."""
        try:
            return await self.get(path, query)
        except Problem as problem:
            if problem.status != _NOT_FOUND:
                raise
            return None

    async def post(
        self, path: str, body: Any = None, *, key: str | None = None, query: Mapping[str, Any] | None = None
    ) -> Any:
        """The answer of a POST; with `key`, sending the same form twice has one effect."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self.send("POST", path, body=body, headers=headers, query=query)

    async def send(
        self, method: str, path: str, *, body: Any = None, query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # fmt: skip
        """Send a request; answer its JSON.

        Raises:
            Problem: it is refused, or the API does not answer (503); Pending.
        """
        content = None if body is None else orjson.dumps(body)
        sent = self._headers | dict(headers or {}) | ({"Content-Type": "application/json"} if body is not None else {})
        given = {name: str(value) for name, value in (query or {}).items() if value not in {None, ""}}
        try:
            async with self._session.request(
                method, self._base + path, data=content, params=given, headers=sent, allow_redirects=False
            ) as reply:
                return await _read(reply)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Problem(_UNAVAILABLE, "unavailable", str(error)) from None

    async def exchange(self, path: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Post a form to the OAuth endpoints.

        Raises:
            Problem: it is refused, or the API does not answer.
        """
        try:
            async with self._session.post(self._base + path, data=form, allow_redirects=False) as reply:
                return dict(await _read(reply))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Problem(_UNAVAILABLE, "unavailable", str(error)) from None

    @asynccontextmanager
    async def open(
        self, method: str, path: str, *, data: Any = None, headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:  # fmt: skip
        """An answer to be read as a stream: a file, an export, events.

        Raises:
            Problem: it is refused, or the API does not answer.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=60)
        sent = self._headers | dict(headers or {})
        try:
            async with self._session.request(
                method, self._base + path, data=data, params=query, headers=sent, timeout=timeout, allow_redirects=False
            ) as reply:
                if reply.status >= _REFUSED:
                    await _read(reply)
                yield reply
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Problem(_UNAVAILABLE, "unavailable", str(error)) from None


async def _read(reply: aiohttp.ClientResponse) -> Any:
    content = await reply.read()
    try:
        answer = orjson.loads(content) if content else None
    except orjson.JSONDecodeError:
        answer = None
    if reply.status >= _REFUSED:
        raise _problem(reply.status, answer if isinstance(answer, dict) else {})
    if reply.status == _PENDING:
        raise Pending
    return answer


def _problem(status: int, answer: Mapping[str, Any]) -> Problem:
    faults = [FieldError(str(one.get("path", "")), str(one.get("message", ""))) for one in answer.get("errors") or ()]
    code = answer.get("code") or answer.get("error") or ""
    return Problem(status, str(code), str(answer.get("detail") or answer.get("error_description") or ""), faults)
