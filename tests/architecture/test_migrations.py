"""A migration that has landed never changes: each is held to the hash that was recorded with it (ADR 16)."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "architecture" / "migrations.sha256"


def recorded() -> dict[str, str]:
    """The recorded hashes by path."""
    lines = [line.split() for line in RECORDED.read_text(encoding="utf-8").splitlines()]
    assert len({path for _, path in lines}) == len(lines), "a migration is recorded twice"
    return {path: digest for digest, path in lines}


def faults_of(hashes: dict[str, str], root: Path) -> list[str]:
    """What is wrong with the migrations below a directory."""
    there = {path.relative_to(root).as_posix(): path for path in sorted(root.glob("[ls]*/**/migrations/*.sql"))}
    faults = [f"{name} is not recorded: run `make docs`" for name in there if name not in hashes]
    for name, digest in hashes.items():
        if name not in there:
            faults.append(f"{name} is gone: databases have run it; restore it")
        elif hashlib.sha256(there[name].read_bytes()).hexdigest() != digest:
            faults.append(f"{name} has changed: databases have run it as it was; restore it and add a new file")
    return faults


def test_every_migration_is_as_it_was_recorded() -> None:
    assert faults_of(recorded(), ROOT) == []


def test_a_changed_a_missing_and_an_unrecorded_migration_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "libs" / "x" / "migrations"
    folder.mkdir(parents=True)
    for name in ("0001_a_b.sql", "0002_a_b.sql"):
        (folder / name).write_text("SELECT 1;")
    digest = hashlib.sha256(b"SELECT 2;").hexdigest()
    hashes = {f"libs/x/migrations/{name}": digest for name in ("0001_a_b.sql", "0003_a_b.sql")}
    listed = faults_of(hashes, tmp_path)
    assert [fault.partition(":")[0].rpartition("/")[2] for fault in listed] == [
        "0002_a_b.sql is not recorded", "0001_a_b.sql has changed", "0003_a_b.sql is gone",
    ]  # fmt: skip


def test_no_recorded_hash_was_ever_taken_back() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("an exported tree has no history")
    command = ["git", "log", "--patch", "--unified=0", "--format=", "HEAD", "--", str(RECORDED)]
    history = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    taken = [line for line in history.splitlines() if line.startswith("-") and not line.startswith("---")]
    assert taken == [], "hashes of landed migrations are only added"
