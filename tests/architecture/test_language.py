"""Identifiers and prose use the field's standard terms (docs/glossary.md); former words do not come back."""

from __future__ import annotations

import ast
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
STANDARD = {"services/ingress/mcp/": {"tools"}}
"""Where a banned word is the field's own: what an MCP server offers are tools."""


def words(path: Path) -> set[str]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return {token.string.strip("_").lower() for token in tokens if token.type == tokenize.NAME} - set(keyword.kwlist)


def test_no_banned_identifier_is_used() -> None:
    used = [
        f"{path.relative_to(ROOT)}: {word} (write: {BANNED[word]})"
        for source in SOURCES
        for path in sorted((ROOT / source).rglob("*.py"))
        for word in sorted(words(path) & BANNED.keys())
        if not any(str(path.relative_to(ROOT)).startswith(folder) and word in its for folder, its in STANDARD.items())
    ]
    assert used == []


# Former names of classes, functions and modules; the glossary has the terms in use.
FORMER_DEFINITIONS = frozenset(re.findall(r"\w+", """
    Desk InHand ToPark park storms give_back on_room Transport is_weather Wakeups wait_no_more listen_no_more
    bury Live passing_channel Hop Effects write_down parker make_hop maintain_hop Kept Arriving Sealer
    open_sealed CannotOpen MoveOne MoveOneOn OneThing OneRule OnOne LinesTaken By listeners_of Overdue Refusal
    Lanes Lane Take Reaction doubt_all Upkeep Ending why_not HookBook ConnectionBook Opened Shut Outward
    open_outward NoAnswer Tools take_over executor_alone Settler Claims errand say_goodbye Books Needs Changes
    Asked Happening happenings ThingKind ReadAgain Decision papers Standing standings mirror_of Wish wish_of
    Told told Catalogue Doorkeeper Answers Batched Budget Rates Reply Wrong Press Sheets house_not_kept Storing
    Beside Filed MadeClient Used Listed
"""))  # fmt: skip
FORMER_MODULES = frozenset(re.findall(r"\w+", """
    settling weather dead hop seen probe objects present present_execution present_inboxes present_subscriptions
    turns telling overdue lane_store endings outward ours outwards takeover books shelf ruling accepting
    drafting issuing refunding catalogue overflow arrivals answering finding filing shapes reads report_reads
    press typeface head foot together play embedded_keeper twin lookups
"""))  # fmt: skip


def test_no_class_function_or_module_has_its_former_name() -> None:
    paths = [path for source in SOURCES for path in sorted((ROOT / source).rglob("*.py"))]
    defined = {
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name in FORMER_DEFINITIONS
    }
    assert defined == set()
    assert not {path.stem for path in paths} & FORMER_MODULES


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


# Whole folders whose comments, docstrings and texts are checked; a folder is added once its prose is plain.
PLAIN = (
    "libs",
    *(f"services/ingress/{name}" for name in (
        "acceptance", "access", "api", "channels", "http", "imports", "mcp", "response_models", "views",
    )),
    *(f"services/ledger/{name}" for name in (
        "bills", "clients", "imports", "inbox", "journal", "payments", "products", "quotas", "sales", "suppliers",
        "unit_of_work",
    )),
    "services/action_executor",
    "services/standalone",
    "services/trigger_dispatcher",
)  # fmt: skip
PROSE = {
    "told": "reported, notified, listed",
    "telling": "notification",
    "tells": "reports, shows",
    "nobody": "no caller, no process: name who",
    "somebody": "a person, another process: name who",
    "anybody": "any caller, any process: name who",
    "everybody": "all callers, all processes: name who",
    "whoever": "the caller, the holder: name who",
    "hop": "pipeline, step, entry",
    "hops": "steps, entries",
    "weather": "transient error",
    "desk": "buffer, context",
    "shelf": "store",
    "goodbye": "notification of removal",
    "twin": "JSON form",
    "in hand": "in progress, in flight, in memory",
    "the books": "the ledger",
    "gave up on": "dead-lettered, failed",
}
PHRASE = re.compile(r"\b(" + "|".join(map(re.escape, PROSE)) + r")\b", re.IGNORECASE)
ALLOWED = {"libs/embedded_postgres/binaries.py: nobody"}  # the name of a user on Unix


def prose(path: Path) -> str:
    if path.suffix == ".sql":
        return "\n".join(line.partition("--")[2] for line in path.read_text().splitlines())
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return "\n".join(token.string for token in tokens if token.type in {tokenize.COMMENT, tokenize.STRING})


def test_no_banned_phrase_is_in_comments_docstrings_or_texts() -> None:
    paths = (
        path for folder in PLAIN for path in sorted((ROOT / folder).rglob("*.*")) if path.suffix in {".py", ".sql"}
    )
    used = {
        f"{path.relative_to(ROOT)}: {phrase}"
        for path in paths
        for phrase in map(str.lower, PHRASE.findall(prose(path)))
    }
    assert sorted(f"{use} (write: {PROSE[use.rpartition(': ')[2]]})" for use in used - ALLOWED) == []


def test_the_phrases_are_found_in_a_comment_a_docstring_and_a_text(tmp_path: Path) -> None:
    path = tmp_path / "sample.py"
    path.write_text('"""Somebody."""\nX = "in hand"  # nobody\n')
    assert [phrase.lower() for phrase in PHRASE.findall(prose(path))] == ["somebody", "in hand", "nobody"]
