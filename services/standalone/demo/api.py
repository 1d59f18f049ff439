"""The demo's HTTP client: what any integrator would write against the public contract."""

from __future__ import annotations

from typing import Any

import aiohttp
import orjson

TIMEOUT = aiohttp.ClientTimeout(total=30)


class DemoFailure(Exception):
    """A check of the demo failed; the message says what was missing."""


class Api:
    """Calls one installation with one access token; any status but those expected is a failure."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session, self._url = session, url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}

    async def post(self, path: str, body: dict[str, Any], *, key: str | None = None) -> dict[str, Any]:
        """POST JSON; return the object."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        return await self._call("POST", path, headers=headers, json=body)

    async def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """PATCH JSON; answer the object."""
        return await self._call("PATCH", path, headers=self._headers, json=body)

    async def post_bytes(self, url: str, body: bytes, content_type: str) -> dict[str, Any]:
        """POST bytes to a channel, with no credentials but its URL; answer the object."""
        headers = {"Content-Type": content_type}
        async with self._session.post(url, data=body, headers=headers, timeout=TIMEOUT) as reply:
            text = await reply.text()
            if reply.status != 200:  # noqa: PLR2004  taken
                raise DemoFailure(f"the channel answered {reply.status}: {text[:500]}")
            return dict(orjson.loads(text))

    async def post_xml(self, url: str, body: bytes) -> tuple[int, str]:
        """POST a supplier's XML to a channel, without credentials; return status and text."""
        headers = {"Content-Type": "application/xml"}
        async with self._session.post(url, data=body, headers=headers, timeout=TIMEOUT) as reply:
            return reply.status, await reply.text()

    async def get(self, path: str) -> dict[str, Any]:
        """GET an object or a list."""
        return await self._call("GET", path, headers=self._headers)

    async def _call(self, verb: str, path: str, **given: Any) -> dict[str, Any]:
        async with self._session.request(verb, self._url + path, timeout=TIMEOUT, **given) as reply:
            text = await reply.text()
            if reply.status not in {200, 201}:
                raise DemoFailure(f"{verb} {path} answered {reply.status}: {text[:500]}")
            return dict(orjson.loads(text))
