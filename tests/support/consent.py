"""An application that asks for consent in a person's real browser, and notes where that is sent back to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.httpx_client import AsyncOAuth2Client
from playwright.async_api import Page, Request

from tests.support import oauth
from tests.support.api_installation import House
from tests.support.eventually import eventually


@dataclass(slots=True)
class Asking:
    """The application, the URL of its question, and the URLs that the browser was sent back to."""

    house: House
    page: Page
    program: AsyncOAuth2Client
    url: str
    backs: list[str] = field(default_factory=list)

    async def came_back(self, times: int) -> str:
        """The URL of the newest answer, once there are so many and the browser has left us."""
        await eventually(lambda: len(self.backs) >= times)
        await self.page.wait_for_url(lambda url: not url.startswith(self.house.url))
        return self.backs[-1]

    async def bearer(self) -> str:
        """The access token that the newest answer is exchanged for."""
        await self.program.fetch_token(authorization_response=self.backs[-1], code_verifier=oauth.VERIFIER, state="s1")
        return str(self.program.token["access_token"])


@asynccontextmanager
async def asking(house: House, page: Page, name: str) -> AsyncIterator[Asking]:
    """An application of this name that has registered itself; at its address there is none."""
    metadata: dict[str, Any] = {"client_name": name, "redirect_uris": [oauth.BACK]}
    async with house.session.post(f"{house.url}/oauth/register", json=metadata) as reply:
        assert reply.status == 201, await reply.text()
        client = await reply.json()
    program = oauth.program(house, client)
    app = Asking(house, page, program, oauth.authorize_url(house, program))

    def note(request: Request) -> None:
        # A redirect can be heard of, but not answered by the test. Chromium tries a failed page once more by itself.
        if request.url.startswith(oauth.BACK) and request.redirected_from is not None:
            app.backs.append(request.url)

    page.on("request", note)
    try:
        yield app
    finally:
        page.remove_listener("request", note)
        await program.aclose()


async def allowed(app: Asking) -> str:
    """Let the application in; its access token."""
    before = len(app.backs)
    await app.page.goto(app.url)
    await app.page.locator("button[value=allow]").click()
    await app.came_back(before + 1)
    return await app.bearer()
