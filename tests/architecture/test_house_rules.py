"""The rules of the house that no linter knows: sizes, first sentences, migrations' names, nothing of our machines."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[2]
FUNCTION_LINES_MAX = 60
FUNCTION_LINES_MEDIAN_MAX = 8
FUNCTION_LINES_P90_MAX = 20
MODULE_LINES_MAX = 350
MODULE_LINES_MEDIAN_MAX = 120
TEST_MODULE_LINES_MAX = 400
MIGRATION = re.compile(r"(\d{4})_[a-z]+(_[a-z0-9]+)+\.sql")
REGISTRY = re.compile(rb"https?://[\w.:@/-]*(?:pypi|pythonhosted|npmjs|yarnpkg|artifactory|/simple/)", re.IGNORECASE)
# What outlives a transaction: settings, locks, cursors and subscriptions of a session.
SESSION_STATE = re.compile(
    r"\bSET (?:SESSION|ROLE)\b|set_config\([^)]*, *false\)|pg_(?:try_)?advisory_lock|WITH HOLD|\bLISTEN \w"
    r"|add_listener\(|TEMP(?:ORARY)? TABLE"
)
# They pace a load or wait out a fault; everything else waits for a condition.
MAY_SLEEP = ("tests/support/", "tests/bench/", "tests/faults/", "tests/upgrade/", "tests/attacks/")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:  # an unpacked archive
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_import_contracts_are_kept() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_module_says_its_place_in_one_sentence() -> None:
    silent = []
    for path in sources("libs", "services", "tests"):
        first = (ast.get_docstring(parsed(path)) or "").split("\n\n")[0]
        if path.stat().st_size and not re.search(r"\w.*[.?!:]", first, re.DOTALL):
            silent.append(named(path))
    assert not silent


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{named(path)}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in sources("libs", "services", "tests", "docs")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert not long


def test_no_module_is_longer_than_350_lines() -> None:
    lengths = {path: len(path.read_bytes().splitlines()) for path in sources("libs", "services", "docs", "tools")}
    assert not [f"{named(path)}: {lines} lines" for path, lines in lengths.items() if lines > MODULE_LINES_MAX]
    tests = {path: len(path.read_bytes().splitlines()) for path in sources("tests")}
    assert not [f"{named(path)}: {lines} lines" for path, lines in tests.items() if lines > TEST_MODULE_LINES_MAX]


def test_half_of_the_functions_are_short(progress: Callable[[str], None]) -> None:
    functions: list[int] = []
    modules: list[int] = []
    for path in sources("libs", "services"):
        modules.append(len(path.read_bytes().splitlines()))
        functions.extend(
            node.end_lineno - node.lineno + 1
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
        )
    sizes = {"function_median": median(functions), "function_p90": quantiles(functions, n=10)[-1]}
    sizes |= {"function_max": max(functions), "module_median": median(modules), "module_max": max(modules)}
    progress(", ".join(f"{name} {lines:.0f}" for name, lines in sizes.items()))
    assert sizes["function_median"] <= FUNCTION_LINES_MEDIAN_MAX
    assert sizes["function_p90"] <= FUNCTION_LINES_P90_MAX
    assert sizes["module_median"] < MODULE_LINES_MEDIAN_MAX


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_a_lock_file_carries_hashes_and_no_address(path: Path) -> None:
    text = path.read_text()
    assert "://" not in text
    assert "--hash=sha256:" in text


def test_no_tracked_file_names_a_package_registry() -> None:
    assert not [named(path) for path in tracked() if REGISTRY.search(path.read_bytes())]


def test_tests_wait_for_conditions_and_never_sleep() -> None:
    asleep = [
        f"{named(path)}:{node.lineno}"
        for path in sources("tests")
        if not named(path).startswith(MAY_SLEEP) and b"sleep" in path.read_bytes()
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.Attribute) and node.attr == "sleep")
        or (isinstance(node, ast.ImportFrom) and any(name.name == "sleep" for name in node.names))
    ]
    assert not asleep


def test_migrations_are_named_by_what_they_do_and_numbered_without_gaps() -> None:
    numbers = defaultdict(list)
    for path in sorted(ROOT.glob("[ls]*/**/migrations/*.sql")):
        match = MIGRATION.fullmatch(path.name)
        assert match, f"{named(path)} is not NNNN_verb_noun.sql"
        numbers[named(path.parent)].append(int(match[1]))
    assert not {folder: found for folder, found in numbers.items() if found != list(range(1, len(found) + 1))}


def test_no_statement_leaves_state_in_a_pooled_connection() -> None:
    # `storage.pool` gives connections back as they are; the migrations runner has connections of its own, and the one
    # that listens is ended instead of given back
    apart = {"migrations.py", "listening_notifier.py"}
    leaving = [
        f"{named(path)}: {found[0]}"
        for path in sources("services", "libs")
        if path.name not in apart and (found := SESSION_STATE.search(path.read_text()))
    ]
    assert not leaving
