"""Who may call: tokens, key pairs, scopes, and accounts that cannot see one another."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from uuid import UUID

import orjson
import pytest

from contracts.primitives.ids import new_id
from contracts.version import VERSION
from ingress.access.accounts import create_account, set_quota
from ingress.access.credentials import PASSWORDS
from tests.support.ingress import Ingress, prepare, running_ingress
from tests.support.postgres_server import Postgres


@pytest.fixture(scope="module")
async def ingress(postgres: Postgres) -> AsyncIterator[Ingress]:
    async with running_ingress(await postgres.copy_of(prepare)) as running:
        yield running


async def test_an_access_token_says_who_is_calling(ingress: Ingress) -> None:
    account = await ingress.account("Books Ltd")
    me = (await account.get("/v1/me")).json
    assert me["account"]["id"] == account.id
    assert me["account"]["name"] == "Books Ltd"
    assert me["caller"]["kind"] == "access_token"
    assert me["scopes"] == ["read", "write", "automate", "admin"]
    assert me["server_version"] == VERSION


@pytest.mark.parametrize("place", ["headers", "params"])
async def test_a_key_pair_is_taken_from_headers_or_query(ingress: Ingress, place: str) -> None:
    made = (await ingress.account()).made
    pair = {"APIKey": made["api_key"], "APIToken": made["api_token"]}
    reply = await ingress.send("GET", "/v1/me", **{place: pair})
    assert reply.status == 200
    assert reply.json["account"]["id"] == made["account_id"]
    assert reply.json["caller"]["kind"] == "key_pair"


async def test_missing_and_wrong_credentials_are_401_with_a_challenge(ingress: Ingress) -> None:
    made = (await ingress.account()).made
    other = (await ingress.account()).made
    wrong: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer lw_wrong"},
        {"Authorization": f"Basic {made['access_token']}"},
        {"Authorization": f"Bearer {made['api_token']}"},
        {"Authorization": f"Bearer lw_{'x' * 5000}"},
        {"APIKey": made["api_key"]},
        {"APIKey": made["api_key"], "APIToken": other["api_token"]},
        {"APIKey": "nobody", "APIToken": made["api_token"]},
        {"APIKey": "né", "APIToken": "é"},
    ]
    for headers in wrong:
        reply = await ingress.send("GET", "/v1/me", headers=headers)
        assert reply.status == 401, headers
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.json["code"] == "unauthorized"


async def test_a_token_is_shown_once_and_listed_without_its_secret(ingress: Ingress) -> None:
    account = await ingress.account()
    made = await account.post("/v1/tokens", {"name": "Zapier"})
    assert made.status == 201
    secret = made.json["token"]
    assert secret.startswith("lw_")
    assert made.json["access_token"] == secret
    listed = await account.get("/v1/tokens")
    assert [token["name"] for token in listed.json["items"]] == ["Zapier", "ledgerwire account create"]
    assert secret not in listed.text
    assert secret not in (await account.get(f"/v1/tokens/{made.json['id']}")).text


async def test_a_deleted_token_is_refused_at_once(ingress: Ingress) -> None:
    account = await ingress.account()
    made = (await account.post("/v1/tokens", {"application_name": "Gone soon"})).json
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert (await ingress.send("GET", "/v1/me", headers=bearer)).status == 200
    # The dispatcher is not there to count what the token made; the token goes all the same.
    assert (await account.delete(f"/v1/tokens/{made['id']}")).json == {
        "id": made["id"], "deleted": True, "hooks": None, "automations": None, "hooks_deleted": 0,
    }  # fmt: skip
    assert (await ingress.send("GET", "/v1/me", headers=bearer)).status == 401
    assert (await account.delete(f"/v1/tokens/{made['id']}")).status == 404


async def test_a_token_of_fewer_scopes_reaches_no_further_and_gives_away_no_more(ingress: Ingress) -> None:
    account = await ingress.account()
    reader = (await account.post("/v1/tokens", {"name": "Reader", "scopes": ["read"]})).json
    bearer = {"Authorization": f"Bearer {reader['token']}"}
    assert (await ingress.send("GET", "/v1/me", headers=bearer)).json["scopes"] == ["read"]
    refused = await ingress.send("POST", "/v1/tokens", headers=bearer, json={"name": "More"})
    assert refused.status == 403
    assert refused.json["code"] == "forbidden"
    admin = (await account.post("/v1/tokens", {"name": "Admin", "scopes": ["admin"]})).json
    bearer = {"Authorization": f"Bearer {admin['token']}"}
    more = await ingress.send("POST", "/v1/tokens", headers=bearer, json={"name": "More", "scopes": ["write"]})
    assert more.status == 403
    same = await ingress.send("POST", "/v1/tokens", headers=bearer, json={"name": "Same"})
    assert same.json["scopes"] == ["admin"]


async def test_a_new_key_pair_ends_the_old_one(ingress: Ingress) -> None:
    account = await ingress.account()
    old = {"APIKey": account.made["api_key"], "APIToken": account.made["api_token"]}
    made = await account.post("/v1/api-credentials")
    assert made.status == 201
    assert (await ingress.send("GET", "/v1/me", headers=old)).status == 401
    new = {"APIKey": made.json["api_key"], "APIToken": made.json["api_token"]}
    assert (await ingress.send("GET", "/v1/me", headers=new)).status == 200
    listed = await account.get("/v1/api-credentials")
    assert [pair["api_key"] for pair in listed.json["items"]] == [made.json["api_key"]]
    assert made.json["api_token"] not in listed.text
    assert (await account.delete(f"/v1/api-credentials/{made.json['id']}")).status == 200
    assert (await ingress.send("GET", "/v1/me", headers=new)).status == 401
    assert (await account.get("/v1/api-credentials")).json == {"items": [], "next_cursor": None}
    assert (await account.delete("/v1/api-credentials")).status == 404


async def test_a_repeated_key_gives_the_same_secret_again_and_makes_no_second_token(ingress: Ingress) -> None:
    account = await ingress.account()
    key = {"Idempotency-Key": "make-it-once"}
    first = await account.post("/v1/tokens", {"name": "Once"}, headers=key)
    again = await account.post("/v1/tokens", {"name": "Once"}, headers=key)
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    other = await account.post("/v1/tokens", {"name": "Other"}, headers=key)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    names = [token["name"] for token in (await account.get("/v1/tokens")).json["items"]]
    assert names.count("Once") == 1
    kept = await ingress.pool.fetchval("SELECT answer FROM ingress.idempotency WHERE key = 'make-it-once'")
    assert first.json["token"].encode() not in kept


async def test_a_refused_request_does_not_use_up_its_key(ingress: Ingress) -> None:
    account = await ingress.account()
    key = {"Idempotency-Key": "try-again"}
    assert (await account.post("/v1/channels/nosuch/rotate", headers=key)).status == 404
    assert (await account.post("/v1/tokens", {"name": "Now"}, headers=key)).status == 201


async def test_another_accounts_things_are_unknown(ingress: Ingress) -> None:
    mine, theirs = await ingress.account(), await ingress.account()
    token = (await theirs.post("/v1/tokens", {"name": "Theirs"})).json
    pair = (await theirs.get("/v1/api-credentials")).json["items"][0]
    channel = await theirs.channel()
    for path in (f"/v1/tokens/{token['id']}", f"/v1/api-credentials/{pair['id']}", f"/v1/channels/{channel['id']}"):
        known, unknown = await mine.get(path), await mine.get(f"{path.rsplit('/', 1)[0]}/{new_id()}")
        assert known.status == unknown.status == 404
        assert known.json == unknown.json
        assert (await mine.delete(path)).status == 404
        assert (await theirs.get(path)).status == 200
    assert (await mine.post(f"/v1/channels/{channel['id']}/rotate")).status == 404


async def test_tokens_come_in_pages_newest_first(ingress: Ingress) -> None:
    account = await ingress.account()
    for number in range(5):
        await account.post("/v1/tokens", {"name": f"T{number}"})
    seen, cursor = [], ""
    while True:
        answer = (await account.get(f"/v1/tokens?limit=2{cursor}")).json
        seen += [token["name"] for token in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert seen == ["T4", "T3", "T2", "T1", "T0", "ledgerwire account create"]


async def test_an_account_comes_with_all_that_is_needed_to_get_in(ingress: Ingress) -> None:
    made = await create_account(ingress.pool, "Ūdens & Co", clients_max=5)
    assert made.keys() == {"account_id", "api_key", "api_token", "access_token", "login"}
    row = await ingress.pool.fetchrow("SELECT * FROM ingress.login WHERE name = $1", made["login"]["name"])
    assert row is not None
    assert made["login"]["name"].startswith("udens-co-")
    assert PASSWORDS.verify(row["password_hash"], made["login"]["password"])
    role = await ingress.pool.fetchval("SELECT role FROM ingress.membership WHERE user_id = $1", row["id"])
    assert role == "owner"
    assert await set_quota(ingress.pool, UUID(made["account_id"]), products_max=7) == {
        "account_id": made["account_id"],
        "name": "Ūdens & Co",
        "clients_max": 5,
        "products_max": 7,
        "storage_max": None,
    }


async def test_no_secret_is_stored_as_it_is(ingress: Ingress) -> None:
    made = (await ingress.account()).made
    for table in ("account", "login", "api_credential", "access_token", "idempotency"):
        rows = await ingress.pool.fetch(f"SELECT t::text AS told FROM ingress.{table} t")  # noqa: S608
        reported = "\n".join(row["told"] for row in rows)
        for secret in (made["access_token"], made["api_token"], made["login"]["password"]):
            assert secret not in reported, table


async def test_an_unknown_accounts_plan_cannot_be_changed(ingress: Ingress) -> None:
    with pytest.raises(LookupError, match="there is no account"):
        await set_quota(ingress.pool, new_id(), clients_max=1)
    with pytest.raises(ValueError, match="a limit is"):
        await create_account(ingress.pool, "X", clients_max=-1)


@pytest.mark.long
async def test_the_command_line_makes_an_account_and_changes_its_plan(ingress: Ingress) -> None:
    async def run(*words: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ingress", "account", *words,
            env=os.environ | {"LEDGERWIRE_POSTGRES_DSN": ingress.dsn},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        reported, _ = await process.communicate()
        return process.returncode, reported.decode()

    status, reported = await run("create", "From afar", "--clients", "3")
    assert status == 0
    made = orjson.loads(reported)
    me = await ingress.send("GET", "/v1/me", headers={"Authorization": f"Bearer {made['access_token']}"})
    assert me.json["account"]["clients_max"] == 3
    status, reported = await run("quota", made["account_id"], "--products", "4")
    assert (status, orjson.loads(reported)["products_max"]) == (0, 4)
    assert (await run("quota", str(new_id()), "--products", "4"))[0] == 2
    assert (await run("create", ""))[0] == 2
