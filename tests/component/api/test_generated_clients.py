"""Generators of clients take the whole OpenAPI document without a warning, and what they make makes an invoice."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import orjson
import pytest

from ingress.api.openapi import describe
from ingress.routes import ROUTES
from tests.support import node
from tests.support.caller import Caller

pytestmark = pytest.mark.long

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
PACKAGES = node.ROOT / ".cache" / "typescript-example"
SECONDS_MAX = 280.0  # a generator takes 20 s of an idle processor
PRINTED = re.compile(r"INV-\d{4}-000001 121\.00 EUR unpaid\n")


def _document(folder: Path) -> Path:
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(describe(ROUTES)))
    return path


async def _run(caller: Caller, *command: str | Path, cwd: Path) -> str:
    own = {"LEDGERWIRE_URL": caller.url, "LEDGERWIRE_TOKEN": caller.made["access_token"], "PYTHONPATH": str(cwd)}
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # the generator formats what it makes by ruff
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=os.environ | own | {"PATH": programs},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), SECONDS_MAX)
    text = output.decode(errors="replace")
    assert process.returncode == 0, text
    return text


async def _invoices(caller: Caller) -> list[tuple[str, str]]:
    return [(one["total"], one["client"]["name"]) for one in await caller.items("/v1/sales")]


@pytest.mark.timeout(600)
async def test_a_python_client_has_every_operation_and_makes_an_invoice(caller: Caller, tmp_path: Path) -> None:
    client = tmp_path / "ledgerwire_client"
    said = await _run(
        caller, Path(sys.executable).with_name("openapi-python-client"), "generate", "--path", _document(tmp_path),
        "--config", EXAMPLES / "openapi-python-client.yml", "--output-path", client, "--meta", "none", cwd=tmp_path,
    )  # fmt: skip
    assert "WARNING" not in said, said
    generated = {path.stem for path in (client / "api").glob("*/*.py")} - {"__init__"}
    assert len(generated) == len(ROUTES), said
    assert PRINTED.fullmatch(await _run(caller, sys.executable, EXAMPLES / "invoice.py", cwd=tmp_path))
    assert await _invoices(caller) == [("121.00", "Aya Ozola")]


@pytest.mark.timeout(900)  # the first time on a machine npm downloads 20 MB
async def test_a_typescript_client_is_typed_strictly_and_makes_an_invoice(caller: Caller, tmp_path: Path) -> None:
    PACKAGES.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(EXAMPLES / "typescript" / name, PACKAGES)
    modules = await node.packages_of(PACKAGES)
    (tmp_path / "node_modules").symlink_to(modules)
    for name in ("package.json", "tsconfig.json", "invoice.ts"):
        shutil.copy(EXAMPLES / "typescript" / name, tmp_path)
    generator, compiler = modules / "openapi-typescript" / "bin" / "cli.js", modules / "typescript" / "bin" / "tsc"
    options = ("--default-non-nullable", "false", "-o", "ledgerwire.d.ts")
    said = await node.run(generator, f"{caller.url}/openapi.json", *options, cwd=tmp_path, seconds_max=SECONDS_MAX)
    assert "warn" not in said.lower(), said
    assert "--default-non-nullable false" in (tmp_path / "package.json").read_text(encoding="utf-8")
    await node.run(compiler, cwd=tmp_path, seconds_max=SECONDS_MAX)
    as_caller = {"LEDGERWIRE_URL": caller.url, "LEDGERWIRE_TOKEN": caller.made["access_token"]}
    printed = await node.run("invoice.js", cwd=tmp_path, **as_caller)
    assert PRINTED.fullmatch(printed), printed
    assert await _invoices(caller) == [("121.00", "Aya Ozola")]


async def test_a_shell_script_makes_an_invoice_and_gets_its_pdf(caller: Caller, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        stand_in = tmp_path / "curl"
        stand_in.write_text(
            f'#!/bin/sh\nexec {sys.executable} {node.ROOT}/tests/support/curl.py "$@"\n', encoding="utf-8"
        )
        stand_in.chmod(0o755)
    printed = await _run(
        caller, "env", f"PATH={tmp_path}:{os.environ['PATH']}", "sh", EXAMPLES / "invoice.sh", cwd=tmp_path
    )
    assert PRINTED.fullmatch(printed), printed
    [pdf] = [name for name in os.listdir(tmp_path) if name.endswith(".pdf")]  # noqa: PTH208  no I/O worth a thread
    assert (tmp_path / pdf).read_bytes().startswith(b"%PDF")
