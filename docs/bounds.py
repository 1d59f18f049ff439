"""Collect every bound of the code for `operations/bounds.md`: name, value, reason, and the setting if there is one."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
NOTES: dict[str, Any] = tomllib.loads((HERE / "bounds.toml").read_text(encoding="utf-8"))
NAMED = re.compile(r"(^|_)(MAX|MIN|SECONDS|BYTES|DAYS|HOURS|MS|AT_ONCE|BURST|FACTOR|CHARS)(_|$)")
GROUPS = (
    ("Ingress", "services/ingress/"),
    ("Documents", "libs/documents/"),
    ("Inputs and messages", "libs/contracts/"),
    ("Ledger", "services/ledger/"),
    ("Trigger dispatcher", "services/trigger_dispatcher/"),
    ("Action executor", "services/action_executor/"),
    ("Bus", "libs/messaging/"),
    ("Outbox", "libs/outbox/"),
    ("Due work", "libs/scheduling/"),
    ("Storage", "libs/storage/"),
    ("Service chassis", "libs/chassis/"),
    ("All in one process", "services/standalone/"),
    ("Embedded PostgreSQL", "libs/embedded_postgres/"),
)


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound that is a constant of the code."""

    name: str
    value: str
    reason: str
    path: str


class UnexplainedBound(Exception):
    """Say why the bound is what it is: in a comment on its line, or in docs/bounds.toml."""


def tables() -> list[str]:
    """The lines of all groups of constants."""
    lines: list[str] = []
    found = list(constants())
    known = {bound.path for bound in found}
    if stale := [path for path in NOTES if path.endswith(".py") and path not in known]:
        raise UnexplainedBound(f"docs/bounds.toml: there is no bound in {', '.join(stale)}")
    for group, folder in GROUPS:
        rows = [bound for bound in found if bound.path.startswith(folder)]
        lines += ["", f"## {group}", "", "| bound | value | reason | where |", "|---|---|---|---|"]
        lines += [f"| `{one.name}` | {one.value} | {one.reason} | `{one.path}` |" for one in rows]
        lines += [_other(one) for one in NOTES["other"] if one["group"] == group]
    return lines


def reason_of(setting: str) -> str:
    """Why a setting that is a bound has its default.

    Raises:
        UnexplainedBound: docs/bounds.toml does not say it.
    """
    if setting not in NOTES["settings"]:
        raise UnexplainedBound(f"docs/bounds.toml, [settings]: {setting} is missing")
    return str(NOTES["settings"][setting])


def constants() -> Iterator[Bound]:
    """Every bound of the code that is a constant, by file.

    Raises:
        UnexplainedBound: one has no reason.
    """
    for path in sorted([*(ROOT / "libs").rglob("*.py"), *(ROOT / "services").rglob("*.py")]):
        name = path.relative_to(ROOT).as_posix()
        source = path.read_text(encoding="utf-8")
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts[1:]).removesuffix(".__init__")
        body = ast.parse(source).body
        for number, node in enumerate(body):
            constant = _constant(node)
            if constant is None or _is_ignored(f"{name}:{constant}"):
                continue
            value = getattr(importlib.import_module(module), constant)
            if type(value) not in {int, float, Decimal, timedelta}:
                continue
            after = body[number + 1] if number + 1 < len(body) else None
            reason = NOTES.get(name, {}).get(constant) or _reason(source.splitlines(), node, after)
            if not reason:
                raise UnexplainedBound(f"{name}: {constant} = {value}. {UnexplainedBound.__doc__}")
            yield Bound(constant.lstrip("_"), _shown(constant, value), reason.replace("|", "\\|"), name)


def _constant(node: ast.stmt) -> str | None:
    target = (
        node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
    )
    if isinstance(target, ast.Name) and target.id.isupper() and NAMED.search(target.id):
        return target.id
    return None


def _is_ignored(key: str) -> bool:
    if key in NOTES["keep"]:
        return False
    return key in NOTES["ignore"] or key.startswith(tuple(NOTES["ignore_folders"]))


def _reason(lines: list[str], node: ast.stmt, after: ast.stmt | None) -> str:
    """What the code says: behind the constant, below it as a docstring, or above it."""
    for line in lines[node.lineno - 1 : node.end_lineno]:
        _, mark, comment = line.partition("  # ")
        if mark and not comment.startswith("noqa"):
            return comment
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
        return " ".join(str(after.value.value).split()).rstrip(".")
    above = lines[node.lineno - 2]
    return above.removeprefix("# ") if above.startswith("# ") else ""


def _shown(name: str, value: float | Decimal | timedelta) -> str:
    if isinstance(value, timedelta):
        return _seconds(value.total_seconds())
    if "SECONDS" in name:
        return _seconds(float(value))
    if name.endswith("_MS"):
        return _seconds(float(value) / 1000)
    if "BYTES" in name and value >= 1024:  # noqa: PLR2004
        for unit, size in (("MiB", 1024**2), ("KiB", 1024)):
            if value % size == 0 or value > 10 * size:
                return f"{float(value) / size:.4g} {unit}"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _seconds(value: float) -> str:
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if value >= size and value % size == 0:
            return f"{value / size:g} {unit if value > size else unit.removesuffix('s')}"
    return f"{value:g} s"


def _other(one: Mapping[str, str]) -> str:
    if one["text"] not in (ROOT / one["file"]).read_text(encoding="utf-8"):
        raise UnexplainedBound(f"docs/bounds.toml: {one['file']} no longer holds {one['text']!r}")
    return f"| {one['name']} | {one['value']} | {one['reason']} | `{one['file']}` |"
