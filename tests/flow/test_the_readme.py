"""The README's walk-through does what it says, command by command: an invoice, a verified hook, an automation."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.machine import free_port
from tests.support.standalone import Standalone, standalone

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 90
BLOCK = re.compile(r"^```\n(.*?)^```", re.DOTALL | re.MULTILINE)


def _walk_through() -> list[str]:
    """The blocks of commands; what starts the server and what the receiver prints are no commands of the script."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    part = text[text.index("## Make an invoice") : text.index("## Settings")]
    blocks = BLOCK.findall(re.sub(r"^```python\n.*?^```\n", "", part, flags=re.DOTALL | re.MULTILINE))
    return [block for block in blocks if not block.startswith(("LEDGERWIRE_EGRESS_ALLOW", "sale.posted"))]


def _script(running: Standalone, port: int) -> str:
    replaced = {
        ".venv/bin/ledgerwire": f"{sys.executable} -m standalone.cli",
        "http://127.0.0.1:8080": running.url,
        "http://127.0.0.1:9000": f"http://127.0.0.1:{port}",
        "APIKey: lwk_...": "APIKey: $(field api_key < account.json)",
        "APIToken: ...": "APIToken: $(field api_token < account.json)",
        "sleep 1": _until("""lw '/v1/runs?limit=1' | grep -q '"state":"succeeded"'"""),
        "receiver.py &": "receiver.py > received.txt & RECEIVER=$!",
    }
    fetch_field = """field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }\n"""
    text = "trap 'kill $RECEIVER' EXIT\n" + fetch_field + "".join(_walk_through())
    for what, by in replaced.items():
        assert what in text, what
        text = text.replace(what, by)
    return text + _until("grep -q sale.posted received.txt")


def _until(condition: str) -> str:
    """Wait for it; the test as a whole has a deadline."""
    return f"until {condition}; do sleep 0.2; done"


def _prepare(folder: Path, port: int) -> None:
    """A folder that looks like the repository to the commands, with the receiver on a free port."""
    receiver = (ROOT / "docs" / "examples" / "receiver.py").read_text(encoding="utf-8")
    (folder / "docs" / "examples").mkdir(parents=True)
    (folder / "docs" / "examples" / "receiver.py").write_text(receiver.replace("9000", str(port)), encoding="utf-8")
    (folder / "bin").mkdir()
    if shutil.which("curl") is None:
        stand_in = folder / "bin" / "curl"
        stand_in.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/tests/support/curl.py "$@"\n', encoding="utf-8")
        stand_in.chmod(0o755)


@pytest.mark.long
async def test_a_newcomer_gets_a_verified_hook_and_a_run_from_the_readme_alone(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "checkout"
    _prepare(folder, port)
    async with standalone(tmp_path / "home") as running:
        environment = running.environment | {
            "LEDGERWIRE_HOME": str(running.home),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        }
        process = await asyncio.create_subprocess_exec(
            "sh", "-eu", "-c", _script(running, port), cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE
        )
        out = (await asyncio.wait_for(process.communicate(), SECONDS_MAX))[0].decode()
    assert process.returncode == 0, out
    received = (folder / "received.txt").read_text(encoding="utf-8")
    assert re.fullmatch(r"sale\.posted INV-\d{4}-000002 webhook-id [0-9a-f-]{36}\n", received), received
    answers = [json.loads(line) for line in out.splitlines() if line.startswith('{"')]
    assert [answer["caller"]["kind"] for answer in answers[:2]] == ["access_token", "key_pair"]
    assert answers[2]["total"] == "121.00"
    assert answers[2]["number"].endswith("-000001")
    assert [run["state"] for run in answers[-2]["items"]] == ["succeeded"]
    assert [client["name"] for client in answers[-1]["items"]] == ["Ion Popa"]
