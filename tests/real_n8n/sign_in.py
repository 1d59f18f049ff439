"""n8n's editor, as a person uses it: both kinds of credentials, the test of one, consent by OAuth for the other."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import asyncpg

from tests.real_n8n.n8n import PACKAGE, RealN8n
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.machine import say
from tests.support.oauth import Person
from tests.support.standalone import Standalone

OWNER: Final = {"email": "rita@example.com", "firstName": "Rita", "lastName": "Ozola", "password": "Ozola-Design-17"}


@dataclass(slots=True)
class Editor:
    """A person's browser at n8n, signed in."""

    url: str
    browser: aiohttp.ClientSession

    async def ask(self, method: str, path: str, sent: dict[str, Any] | None = None) -> Any:
        """Ask what the editor asks; the data of the answer."""
        async with self.browser.request(method, f"{self.url}/rest{path}", json=sent) as reply:
            said = await reply.text()
            assert reply.status == HTTPStatus.OK, f"{method} {path}: {reply.status} {said}"
            return (await reply.json())["data"]

    async def clients(self, credentials_id: str) -> list[str]:
        """The names in the action node's dropdown of clients, with credentials by OAuth."""
        asked = {
            "path": "client_id",
            "nodeTypeAndVersion": {"name": f"{PACKAGE}.ledgerwire", "version": 1},
            "currentNodeParameters": {"authentication": "oAuth2"},
            "methodName": "getClients",
            "credentials": {"ledgerwireOAuth2Api": {"id": credentials_id, "name": "By OAuth"}},
        }
        return [one["name"] for one in await self.ask("POST", "/dynamic-node-parameters/options", asked)]


async def run(real: RealN8n, ledgerwire: Standalone, caller: Caller, dsn: str) -> None:
    """Test credentials with a token, connect others by OAuth, and use these; `dsn` is Ledgerwire's database."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        editor = Editor(real.url, browser)
        await editor.ask("POST", "/owner/setup", OWNER)
        await _test_token(editor, ledgerwire.url, caller.made["access_token"])
        credentials_id = await _connect(editor, ledgerwire, caller)
        clients = [one["name"] for one in await caller.items("/v1/clients")]
        assert await editor.clients(credentials_id) == clients
        say(f"OAuth: the node lists the account's clients: {clients}")
        await _end_access_tokens(dsn)

        async def refreshed() -> bool:  # an ended token may be known for a moment longer
            assert await editor.clients(credentials_id) == clients
            return await _access_tokens(dsn) > 0

        await eventually(refreshed, deadline_seconds=60.0, pause_seconds=0.5)
        say("OAuth: the access token had ended, n8n has refreshed it")


async def _connect(editor: Editor, ledgerwire: Standalone, caller: Caller) -> str:
    """Make credentials by OAuth as the editor does, with the person's consent; their id."""
    made = await ledgerwire.create_oauth_client("n8n", f"{editor.url}/rest/oauth2-credential/callback")
    data = {"baseUrl": f"{ledgerwire.url}/", "clientId": made["client_id"], "clientSecret": made["client_secret"]}
    kept = await editor.ask("POST", "/credentials", {"name": "By OAuth", "type": "ledgerwireOAuth2Api", "data": data})
    consent = await editor.ask("GET", f"/oauth2-credential/auth?id={kept['id']}")
    back = await Person(ledgerwire.url, editor.browser, caller.made["login"]).consent(consent)
    async with editor.browser.get(back) as page:
        assert page.status == HTTPStatus.OK, await page.text()
    [application] = await caller.items("/v1/applications")
    say(f"OAuth: the person has let {application['name']!r} in, with the scopes {application['scopes']}")
    return str(kept["id"])


async def _end_access_tokens(dsn: str) -> None:
    conn = await asyncpg.connect(dsn)
    await conn.execute("UPDATE ingress.oauth_token SET expires_at = now() - interval '1 s' WHERE kind = 'access'")
    await conn.close()


async def _access_tokens(dsn: str) -> int:
    """How many of them are of use."""
    conn = await asyncpg.connect(dsn)
    count = await conn.fetchval("SELECT count(*) FROM ingress.oauth_token WHERE kind = 'access' AND expires_at > now()")
    await conn.close()
    return int(count)


async def _test_token(editor: Editor, base_url: str, token: str) -> None:
    """What the editor's test of credentials says, of a token that is right and of one that is not."""
    said = {}
    for access_token in (token, "lw_unknown"):
        data = {"baseUrl": f"{base_url}/", "accessToken": access_token}
        credentials = {"id": "", "name": "By token", "type": "ledgerwireApi", "data": data}
        said[access_token] = await editor.ask("POST", "/credentials/test", {"credentials": credentials})
    assert said[token]["status"] == "OK", said[token]
    wrong = said["lw_unknown"]
    assert wrong["status"] == "Error", wrong
    say(f"the test of credentials says {said[token]['message']!r}, of an unknown token {wrong['message']!r}")
