"""`ledgerwire import` and `ledgerwire export`, as programs beside a running installation."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from tests.support.caller import Caller

pytestmark = pytest.mark.long


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program left behind."""

    status: int
    out: str
    err: str


async def ledgerwire(caller: Caller, *given: str, token: str | None = None) -> Ended:
    secret = caller.made["access_token"] if token is None else token
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "standalone.cli", *given, "--url", caller.url,
        env=os.environ | {"LEDGERWIRE_TOKEN": secret, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(program.communicate(), 60)
    assert program.returncode is not None
    return Ended(program.returncode, out.decode(), err.decode())


async def test_a_file_goes_in_and_comes_out(caller: Caller, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text("name,email\nA,a@a.example\nB,nobody\nC,\n")
    imported = await ledgerwire(caller, "import", str(file), "--kind", "clients")
    assert imported.status == 1, imported.err
    reported = orjson.loads(imported.out)
    assert (reported["state"], reported["created"], reported["refused"]) == ("done", 2, 1)
    assert "line 3: email" in imported.err
    assert "1 of 3 lines are bad; the rest was taken" in imported.err

    again = await ledgerwire(caller, "import", str(file), "--kind", "clients")
    assert "was imported before" in again.err
    assert orjson.loads(again.out)["id"] == reported["id"]
    assert len(await caller.items("/v1/clients")) == 2

    target = tmp_path / "out.jsonl"
    exported = await ledgerwire(caller, "export", "clients", "--format", "jsonl", "--output", str(target))
    assert exported.status == 0, exported.err
    assert [orjson.loads(line)["name"] for line in target.read_bytes().splitlines()] == ["C", "A"]
    assert (await ledgerwire(caller, "export", "products")).out.startswith('"id","code","name"')


async def test_what_is_refused_is_said_in_one_line(caller: Caller, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text("name,colour\nA,red\n")
    wrong = await ledgerwire(caller, "import", str(file), "--kind", "clients")
    stranger = await ledgerwire(caller, "export", "clients", token="lw_nobody")
    nobody = await ledgerwire(caller, "export", "clients", token="")
    for ended, said in ((wrong, "colour is no column"), (stranger, "unknown"), (nobody, "no credential")):
        assert (ended.status, ended.out) == (2, "")
        assert said in ended.err
        assert "Traceback" not in ended.err
