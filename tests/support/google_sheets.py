"""A double of the parts of Google's API that rows need: tokens by a signed assertion, values of ranges, append."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from authlib.jose import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

EMAIL: Final = "books@project.iam.gserviceaccount.com"
SPREADSHEET: Final = "1x-spreadsheet"


@dataclass(slots=True)
class SheetsDouble:
    """One spreadsheet with sheets of rows; `failures` are answered first, in order, `after` appending as well."""

    key: rsa.RSAPrivateKey
    url: str = ""
    sheets: dict[str, list[list[Any]]] = field(default_factory=lambda: {"Invoices 2026": []})
    failures: list[int] = field(default_factory=list)
    lost_answers: int = 0
    claims: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)

    @property
    def connection(self) -> dict[str, Any]:
        """What a connection to it has."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {
            "type": "service_account", "client_email": EMAIL, "private_key": pem.decode(), "private_key_id": "k1",
            "token_uri": f"{self.url}/token",
        }  # fmt: skip
        return {"kind": "google_sheets", "url": self.url, "service_account": account}

    async def token(self, request: web.Request) -> web.Response:
        """Check the assertion as Google does, and give a token."""
        form = await request.post()
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        claims = jwt.decode(str(form["assertion"]), public)
        claims.validate()
        assert claims["aud"] == f"{self.url}/token"
        self.claims.append(dict(claims))
        return web.json_response({"access_token": "ya29.token", "expires_in": 3600, "token_type": "Bearer"})

    async def spreadsheet(self, request: web.Request) -> web.Response:
        """The titles of the sheets."""
        if (refused := self._refused(request)) is not None:
            return refused
        return web.json_response({"sheets": [{"properties": {"title": title}} for title in self.sheets]})

    async def values(self, request: web.Request) -> web.Response:
        """A row or a column of a sheet."""
        if (refused := self._refused(request)) is not None:
            return refused
        title, span = self._range(request)
        rows = self.sheets[title]
        if span == "1:1":
            found = rows[0] if rows else []
        else:
            place = ord(span[0]) - ord("A")
            found = [row[place] if place < len(row) else "" for row in rows[1:]]
        return web.json_response({"range": span, "values": [found]} if found else {"range": span})

    async def append(self, request: web.Request) -> web.StreamResponse:
        """Add rows at the end of a sheet."""
        if (refused := self._refused(request)) is not None:
            return refused
        title, _ = self._range(request)
        self.queries.append(dict(request.query))
        rows = (await request.json())["values"]
        self.sheets[title] += rows
        if self.lost_answers:
            self.lost_answers -= 1
            assert request.transport is not None
            request.transport.abort()
        end = len(self.sheets[title])
        return web.json_response({"updates": {"updatedRange": f"'{title}'!A{end - len(rows) + 1}:Z{end}"}})

    def _refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") != "Bearer ya29.token":
            return web.json_response({"error": {"status": "UNAUTHENTICATED"}}, status=401)
        if request.match_info["spreadsheet"] != SPREADSHEET:
            return web.json_response({"error": {"status": "NOT_FOUND"}}, status=404)
        if self.failures:
            return web.json_response({"error": {"status": "RESOURCE_EXHAUSTED"}}, status=self.failures.pop(0))
        return None

    def _range(self, request: web.Request) -> tuple[str, str]:
        title, _, span = request.match_info["range"].rpartition("!")
        return title[1:-1].replace("''", "'"), span


@asynccontextmanager
async def google_sheets() -> AsyncIterator[SheetsDouble]:
    """Listen on a free port of loopback."""
    double = SheetsDouble(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    app = web.Application()
    app.router.add_post("/token", double.token)
    app.router.add_get("/v4/spreadsheets/{spreadsheet}", double.spreadsheet)
    app.router.add_get("/v4/spreadsheets/{spreadsheet}/values/{range}", double.values)
    app.router.add_post("/v4/spreadsheets/{spreadsheet}/values/{range}:append", double.append)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    double.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield double
    finally:
        await runner.cleanup()
