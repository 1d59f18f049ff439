"""Identifiers use the field's standard terms (docs/glossary.md): names that were given up do not come back."""

from __future__ import annotations

import io
import keyword
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("libs", "services")
TABLE = re.compile(r"CREATE TABLE (?:\w+|%1\$I)\.(\w+)")

BANNED = {
    name: term
    for term, names in {
        "handler, context, command result": "desk desks tools hop asked wish",
        "unit of work: ReadPlan, LoadedState, ChangeSet": "books needs shelf happening happenings papers",
        "is_transient": "weather is_weather",
        "notify, notification": "hint_queue telling",
        "subscription, match": "listeners listeners_of listens_from listening_from",
        "dead_letter": "park parked parker bury",
        "delivery queue, scheduler": "lane lanes",
        "document, document_state": "standing standings",
        "encrypt, decrypt": "seal sealer sealed sealing",
        "authenticator": "doorkeeper",
        "maintenance, retention": "upkeep house_not_kept",
        "DEFAULT_": "usual",
        "verb and object": "told surely write_down give_back say_goodbye why_not doubt_all",
    }.items()
    for name in names.split()
}


def words(path: Path) -> set[str]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return {token.string.strip("_").lower() for token in tokens if token.type == tokenize.NAME} - set(keyword.kwlist)


def test_no_banned_identifier_is_used() -> None:
    used = [
        f"{path.relative_to(ROOT)}: {word} (write: {BANNED[word]})"
        for source in SOURCES
        for path in sorted((ROOT / source).rglob("*.py"))
        for word in sorted(words(path) & BANNED.keys())
    ]
    assert used == []


def test_no_table_has_a_banned_name() -> None:
    tables = {
        name
        for source in SOURCES
        for path in (ROOT / source).rglob("*.sql")
        for name in TABLE.findall(path.read_text())
    }
    assert not tables & (BANNED.keys() | {"seen", "handled", "held", "keep", "canary", "last_job", "last_told"})


def test_no_module_has_a_banned_name() -> None:
    names = {path.stem for source in SOURCES for path in (ROOT / source).rglob("*.py")}
    assert not names & BANNED.keys()
