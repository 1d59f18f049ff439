"""Generated requests to every operation, valid and invalid ones; every answer is held to the OpenAPI document."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import orjson
import pytest

from ingress.api.openapi import describe
from ingress.routes import ROUTES
from tests.support.caller import Caller
from tests.support.ledger_documents import SELLER
from tests.support.receiver import open_receiver

DEPTH: Final = int(os.environ.get("LEDGERWIRE_TEST_DEPTH", "1"))
EXAMPLES_PER_OPERATION: Final = 2 * DEPTH
"""Two take 20 s of a processor; the phase `coverage`, of thousands of requests, is for `schemathesis run` by hand."""

SEED: Final = 20261126

REPOSITORY: Final = str(Path(__file__).parents[3])
SETTINGS: Final = Path(__file__).with_name("schemathesis.toml")
"""All checks and all operations, but for what it leaves out with the reason."""


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
    return {
        "client_id": client,
        "sale_id": sale,
        "invoice_id": sale,
        "collector_id": collector,
        "target_collector_id": collector,
        "url": url,
    }


@pytest.mark.timeout(240 * DEPTH)
async def test_every_answer_to_generated_requests_is_as_described(caller: Caller, tmp_path: Path) -> None:
    async with open_receiver() as receiver:
        await _run(caller, receiver.url(), tmp_path)


async def _run(caller: Caller, url: str, tmp_path: Path) -> None:
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
        | {"LEDGERWIRE_TEST_IDS": orjson.dumps(await _things(caller, url)).decode()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await running.communicate()
    assert running.returncode == 0, output.decode(errors="replace")[-20_000:]
