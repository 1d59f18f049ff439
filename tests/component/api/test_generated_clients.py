"""A generator of clients takes the whole OpenAPI document: every operation becomes a function."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import orjson

from ingress.api.openapi import describe
from ingress.routes import ROUTES


async def test_a_python_client_is_generated_with_every_operation(tmp_path: Path) -> None:
    document, client = tmp_path / "openapi.json", tmp_path / "client"
    document.write_bytes(orjson.dumps(describe(ROUTES)))
    program = Path(sys.executable).with_name("openapi-python-client")
    running = await asyncio.create_subprocess_exec(
        str(program), "generate", "--path", str(document), "--output-path", str(client), "--meta", "none",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await running.communicate()
    said = output.decode(errors="replace")
    assert running.returncode == 0, said
    generated = {path.stem for path in (client / "api").glob("*/*.py")} - {"__init__"}
    assert len(generated) == len(ROUTES), said
    assert "Unable to process schema" not in said
