"""Generated requests to every operation, valid and invalid ones; every answer is held to the OpenAPI document."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from contracts.primitives.ids import new_id
from ingress.access import user_store
from ingress.access.credentials import PASSWORDS, digest, new_code
from ingress.api.openapi import describe
from ingress.routes import ROUTES
from standalone.all_in_one import prepare_all
from storage.pool import Pool
from tests.support.api_installation import House, open_house
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.ledger_documents import SELLER
from tests.support.postgres_server import Postgres
from tests.support.receiver import open_receiver
from tests.support.smtp_server import smtp_server

DEPTH: Final = int(os.environ.get("LEDGERWIRE_TEST_DEPTH", "1"))
EXAMPLES_PER_OPERATION: Final = 2 * DEPTH
"""Two take 20 s of a processor; the phase `coverage`, of thousands of requests, is for `schemathesis run` by hand."""

SEED: Final = 20261126

REPOSITORY: Final = str(Path(__file__).parents[3])
SETTINGS: Final = Path(__file__).with_name("schemathesis.toml")
"""All checks and all operations, but for what it leaves out with the reason."""


@asynccontextmanager
async def _installation(postgres: Postgres, folder: Path) -> AsyncIterator[tuple[House, str]]:
    """One from which mails, SMS and files can leave, and the URL of what takes them."""
    dsn = await postgres.copy_of(prepare_all)
    async with open_receiver() as receiver:
        with smtp_server() as mails:
            ways = {"smtp_url": mails.url, "sms_url": receiver.url(), "folder_root": str(folder)}
            async with open_house(dsn, **ways) as house:
                yield house, receiver.url()
    await postgres.drop_database(dsn)


async def _resets(pool: Pool) -> list[str]:
    """Secrets of password resets, each of a person of its own."""
    secrets = [new_code() for _ in range(EXAMPLES_PER_OPERATION)]
    async with pool.acquire() as conn, conn.transaction():
        for secret in secrets:
            user_id, password_hash = new_id(), PASSWORDS.hash(secret)
            name = f"person-{user_id}"
            await user_store.insert_login(
                conn, user_id=user_id, name=name, email=None, locale="en", password_hash=password_hash
            )
            await user_store.replace_reset(conn, user_id=user_id, secret_hash=digest(secret), minutes=60)
    return secrets


async def _things(caller: Caller, url: str) -> dict[str, str]:
    """Ids of what requests may refer to, by the names of the fields that do."""
    seller = {name: value for name, value in SELLER.items() if name != "name"}
    assert (await caller.patch("/v1/account", seller)).status == 200
    about = {
        "name": "Ozola SIA",
        "email": "aija@ozola.example",
        "phone": "+37120000000",
        "address": SELLER["address"],
        "reg_number": "40003000002",
    }
    client = (await caller.post("/v1/clients", about)).json["id"]
    line = {"description": "Consulting", "quantity": "1", "unit_price": "100"}
    sold = {"sale_type": "sales_invoice", "client_id": client, "lines": [line], "issue": True}
    sale = (await caller.post("/v1/sales", sold)).json["id"]
    collectors = (await caller.get("/v1/collectors")).json["items"]
    collector = collectors[0]["id"]
    places: dict[str, Any] = {"http": {"url": url}, "chat": {"url": url}, "folder": {}}
    connections = {
        kind: (await caller.made_of("/v1/connections", {"name": kind, "kind": kind} | where))["id"]
        for kind, where in places.items()
    }
    token = await caller.made_of("/v1/tokens", {"name": "One to delete", "scopes": ["read"]})
    events = await eventually(lambda: caller.items("/v1/events"))
    return {
        "event_id": events[0]["id"],
        "account": f"{caller.url}/v1/account",
        "token": caller.made["access_token"],
        "seller": orjson.dumps(seller).decode(),
        "client_id": client,
        "sale_id": sale,
        "invoice_id": sale,
        "token_id": token["id"],
        "collector_id": collector,
        "target_collector_id": collector,
        "url": url,
        **connections,
    }


@pytest.mark.long
@pytest.mark.timeout(240 * DEPTH)
async def test_every_answer_to_generated_requests_is_as_described(postgres: Postgres, tmp_path: Path) -> None:
    async with _installation(postgres, tmp_path) as (house, url):
        caller = await house.account()
        things = await _things(caller, url) | {"resets": " ".join(await _resets(house.pool))}
        await _run(caller, things, tmp_path)


async def _run(caller: Caller, things: Mapping[str, str], tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(orjson.dumps(describe(ROUTES)))
    running = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(SETTINGS), "run", str(document),
        "--url", caller.url,
        "--header", f"Authorization: Bearer {caller.made['access_token']}",
        "--phases", "fuzzing",
        "--max-examples", str(EXAMPLES_PER_OPERATION),
        "--seed", str(SEED),
        "--no-shrink",
        "--continue-on-failure",
        "--warnings", "off",
        "--suppress-health-check", "filter_too_much",  # few conditions of `filter` nest well
        cwd=tmp_path,
        env=os.environ
        | {"SCHEMATHESIS_HOOKS": "tests.support.conformance_hooks", "PYTHONPATH": REPOSITORY}
        | {"LEDGERWIRE_TEST_IDS": orjson.dumps(things).decode()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await running.communicate()
    assert running.returncode == 0, output.decode(errors="replace")[-20_000:]
