"""A program that asks for consent by an independent client library, and a person with a browser who answers."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from authlib.integrations.httpx_client import AsyncOAuth2Client

from tests.support.caller import Answer

BACK: Final = "https://app.example/callback"
VERIFIER: Final = "v" * 50


class Server(Protocol):
    """A running installation: where it listens, and who asks it."""

    url: str
    session: aiohttp.ClientSession


@dataclass(slots=True)
class Person:
    """A person with a browser: it keeps cookies, fills forms in, and follows nothing by itself."""

    url: str
    browser: aiohttp.ClientSession
    login: dict[str, str]

    async def open(self, url: str, **headers: str) -> Answer:
        async with self.browser.get(url, headers=headers, allow_redirects=False) as reply:
            return Answer(reply.status, reply.headers, await reply.read())

    async def submit(self, page: Answer, **fields: str) -> Answer:
        form = re.search(r'<form method="post" action="([^"]+)">', page.text)
        assert form is not None, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
        given = {name: html.unescape(value) for name, value in hidden.items()} | fields
        async with self.browser.post(self.url + form[1], data=given, allow_redirects=False) as reply:
            return Answer(reply.status, reply.headers, await reply.read())

    async def consent(self, url: str, decision: str = "allow", **fields: str) -> str:
        """Sign in where asked, decide, and give the URL that the browser is sent back to."""
        page = await self.open(url)
        if 'action="/oauth/sign-in"' in page.text:
            after = await self.submit(page, name=self.login["name"], password=self.login["password"])
            assert after.status == 303, after.text
            page = await self.open(self.url + after.headers["Location"])
        assert page.status == 200, page.text
        sent = await self.submit(page, decision=decision, **fields)
        assert sent.status == 303, sent.text
        return str(sent.headers["Location"])


def program(server: Server, client: dict[str, Any], **more: Any) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        client["client_id"], client.get("client_secret"), redirect_uri=BACK, code_challenge_method="S256",
        scope="read write automate", token_endpoint=f"{server.url}/oauth/token",
        revocation_endpoint=f"{server.url}/oauth/revoke", **more,
    )  # fmt: skip


def authorize_url(server: Server, app: AsyncOAuth2Client, **more: str) -> str:
    url, _ = app.create_authorization_url(f"{server.url}/oauth/authorize", state="s1", code_verifier=VERIFIER, **more)
    return str(url)


async def connected(server: Server, client: dict[str, Any], person: Person, **more: str) -> AsyncOAuth2Client:
    app = program(server, client)
    back = await person.consent(authorize_url(server, app, **more))
    await app.fetch_token(authorization_response=back, code_verifier=VERIFIER, state="s1")
    return app


async def send(server: Server, token: str, method: str, path: str, **options: Any) -> Answer:
    headers = {"Authorization": f"Bearer {token}"}
    async with server.session.request(method, server.url + path, headers=headers, **options) as reply:
        return Answer(reply.status, reply.headers, await reply.read())


def answer_in(back: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(back).query))
