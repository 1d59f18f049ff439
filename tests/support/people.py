"""Sign in to an ingress as a person's browser does: a cookie, and the CSRF token for whatever changes something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support.ingress import Answer, Ingress


@dataclass(slots=True)
class Browser:
    """A signed-in browser."""

    ingress: Ingress
    cookie: str
    session: dict[str, Any]

    async def send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> Answer:
        """Send a request with the cookie and the CSRF token."""
        usual = {"Cookie": self.cookie, "X-CSRF-Token": self.session["csrf_token"]}
        return await self.ingress.send(method, path, headers=usual | (headers or {}), **options)


async def sign_in(ingress: Ingress, login: dict[str, str], **more: Any) -> Browser:
    """Sign in with a name and a password."""
    answer = await try_to_sign_in(ingress, login, **more)
    assert answer.status == 201, answer.text
    return Browser(ingress, answer.headers["Set-Cookie"].partition(";")[0], answer.json)


async def try_to_sign_in(ingress: Ingress, login: dict[str, str], **more: Any) -> Answer:
    """Send a name and a password."""
    credentials = {"name": login["name"], "password": login["password"]}
    return await ingress.send("POST", "/v1/session", json=credentials | more)
