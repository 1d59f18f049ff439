"""Generated requests to every operation, valid and invalid ones; every answer is held to the OpenAPI document."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

import orjson
import pytest

from ingress.api.openapi import describe
from ingress.routes import ROUTES
from tests.support.caller import Caller

EXAMPLES_PER_OPERATION: Final = 2
"""Together 15 s of a processor; the phase `coverage`, of thousands of requests, is for `schemathesis run` by hand."""

SEED: Final = 20261126

LEFT_OUT_CHECKS: Final = (
    # Rules between fields, references to other objects and the states of documents are not in the schemas, so that
    # valid input may be refused.
    "positive_data_acceptance",
    # One token has all scopes here; tests/component/ingress/test_access.py tries the others.
    "object_level_authorization",
)
LEFT_OUT_OPERATIONS: Final = (
    "deleteToken",  # ends the credentials that all the other requests use
    "streamEvents", "streamJourney",  # do not end
    "runAction",  # actions that run as steps alone
)  # fmt: skip


@pytest.mark.timeout(240)
async def test_every_answer_to_generated_requests_is_as_described(caller: Caller, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(orjson.dumps(describe(ROUTES)))
    running = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "run", str(document),
        "--url", caller.url,
        "--header", f"Authorization: Bearer {caller.made['access_token']}",
        "--phases", "fuzzing",
        "--max-examples", str(EXAMPLES_PER_OPERATION),
        "--seed", str(SEED),
        "--no-shrink",
        "--continue-on-failure",
        "--warnings", "off",
        "--exclude-checks", ",".join(LEFT_OUT_CHECKS),
        *(part for identifier in LEFT_OUT_OPERATIONS for part in ("--exclude-operation-id", identifier)),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await running.communicate()
    assert running.returncode == 0, output.decode(errors="replace")[-20_000:]
