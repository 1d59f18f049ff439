"""n8n's credentials by OAuth: their settings drive an independent client library; the nodes act with its tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client

from ingress.access.oauth.clients import create_client
from tests.support.api_installation import House
from tests.support.apps.n8n import N8n, n8n_nodes
from tests.support.apps.program import AppError
from tests.support.caller import Caller
from tests.support.oauth import VERIFIER, Person, answer_in

pytestmark = pytest.mark.long

BACK: Final = "https://n8n.example/rest/oauth2-credential/callback"
BASIC: Final = {"header": "client_secret_basic", "body": "client_secret_post"}


@pytest.fixture
async def person(house: House, caller: Caller) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        yield Person(house.url, browser, caller.made["login"])


@pytest.fixture
async def workflow(house: House) -> AsyncIterator[N8n]:
    """A workflow whose credentials know the installation's address, as a person types it, and no token yet."""
    async with n8n_nodes() as nodes:
        yield N8n(nodes, {"baseUrl": f"{house.url}/"})


async def signed_in(workflow: N8n, house: House, person: Person) -> AsyncOAuth2Client:
    """Connect as n8n does with the settings that the credentials declare; the nodes have the tokens then."""
    declared = (await workflow.ask("oauth2", "settings", {}))["returned"]
    assert (declared["grantType"], declared["authQueryParameters"]) == ("pkce", "")
    made = await create_client(house.pool, "n8n", [BACK], confidential=True)
    app = AsyncOAuth2Client(
        made["client_id"], made["client_secret"], redirect_uri=BACK, code_challenge_method="S256",
        scope=declared["scope"], token_endpoint=declared["accessTokenUrl"],
        token_endpoint_auth_method=BASIC[declared["authentication"]],
    )  # fmt: skip
    url, state = app.create_authorization_url(declared["authUrl"], code_verifier=VERIFIER)
    back = await person.consent(str(url))
    assert answer_in(back)["state"] == state
    await app.fetch_token(authorization_response=back, code_verifier=VERIFIER, state=state)
    use(workflow, app)
    return app


def use(workflow: N8n, app: AsyncOAuth2Client) -> None:
    workflow.credentials["oauthTokenData"] = dict(app.token)


async def test_nodes_act_for_the_account_of_who_consented_and_go_on_with_a_refreshed_token(
    workflow: N8n, house: House, caller: Caller, person: Person
) -> None:
    app = await signed_in(workflow, house, person)
    made = (await workflow.act("create_client", authentication="oAuth2", name="Ozola Design SIA"))["json"]
    assert [one["id"] for one in await caller.items("/v1/clients")] == [made["id"]]
    url = "http://127.0.0.1:9/n8n"
    assert await workflow.hook("create", "client.created", url, authentication="oAuth2")
    first = app.token["access_token"]
    await app.refresh_token()
    use(workflow, app)
    assert app.token["access_token"] != first
    changed = await workflow.act(
        "update_client", authentication="oAuth2", id=made["id"], additionalFields={"phone": "12345"}
    )
    assert changed["json"]["phone"] == "12345"


async def test_an_ended_access_token_is_an_error_to_n8n_which_then_refreshes_it(
    workflow: N8n, house: House, person: Person
) -> None:
    await signed_in(workflow, house, person)
    workflow.credentials["oauthTokenData"] = {"access_token": "lw_ended"}
    with pytest.raises(AppError, match="status 401"):  # what n8n's own function throws; the node would name a problem
        await workflow.act("create_client", authentication="oAuth2", name="Ozola")


async def test_a_refusal_other_than_401_names_its_fields_with_oauth_as_well(
    workflow: N8n, house: House, person: Person
) -> None:
    await signed_in(workflow, house, person)
    with pytest.raises(AppError, match="currency: is not an ISO 4217"):
        await workflow.act(
            "create_client", authentication="oAuth2", name="Ozola", additionalFields={"currency": "XXXX"}
        )
