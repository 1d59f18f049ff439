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
FORMER_IN_TESTS = {"ear", "ears", "town", "heard", "hears", "told", "telling", "tell", "desk", "twin", "weather"}
WORD = re.compile(rf"(?<!\w)_*(?:{'|'.join(BANNED.keys() | FORMER_IN_TESTS)})_*(?!\w)", re.IGNORECASE)


def words(path: Path) -> set[str]:
    """The identifiers of a module; none where no word that the tests look for is in it."""
    text = path.read_text()
    if not WORD.search(text):  # reading the tokens takes a hundred times as long
        return set()
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
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


FORMER_DEFINITION = re.compile(rf"\b(?:def|class)\s+(?:{'|'.join(sorted(FORMER_DEFINITIONS))})\b")


def test_no_class_function_or_module_has_its_former_name() -> None:
    paths = [path for source in SOURCES for path in sorted((ROOT / source).rglob("*.py"))]
    defined = {
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in paths
        if FORMER_DEFINITION.search(path.read_text())
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


PLAIN = ("libs", "services", "tools", "deploy", "docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile")
INSTALLED = {"node_modules", "dist"}
WRITTEN = {".py", ".sql", ".md", ".html", ".toml", ".yml", ".yaml", ""}
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
    "hears": "receives, gets",
    "knows of": "has, holds",
    "strikes": "is injected, is reached",
    "struck out": "redacted",
    "gave up on": "dead-lettered, failed",
}
PHRASE = re.compile(r"\b(" + "|".join(map(re.escape, PROSE)) + r")\b", re.IGNORECASE)
ALLOWED = {
    "libs/embedded_postgres/binaries.py: nobody",  # the name of a user on Unix
    # A migration that was applied keeps its checksum, and with it its comments.
    "services/ingress/migrations/0002_add_imports.sql: the books",
    "services/ingress/migrations/0005_add_audit.sql: the books",
    "services/ingress/migrations/0008_publish_owners.sql: told",
    "services/ledger/migrations/0001_create_ledger.sql: tells",
    "services/ledger/migrations/0001_create_ledger.sql: the books",
    "services/ledger/migrations/0001_create_ledger.sql: whoever",
    "services/ledger/migrations/0002_publish_views.sql: the books",
    "services/ledger/migrations/0002_publish_views.sql: told",
    "services/ledger/migrations/0004_add_catalogue.sql: nobody",
    "services/ledger/migrations/0005_decide_on_messages.sql: the books",
}


def prose(path: Path) -> str:
    """Comments and texts of code; all of any other file."""
    text = path.read_text()
    if path.suffix == ".sql":
        return "\n".join(line.partition("--")[2] for line in text.splitlines())
    if path.suffix != ".py":
        return text
    if not PHRASE.search(text):
        return ""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return "\n".join(token.string for token in tokens if token.type in {tokenize.COMMENT, tokenize.STRING})


def written(top: str) -> list[Path]:
    """A file, or the files of a folder that people write sentences in; the page of former names has them on purpose."""
    place = ROOT / top
    if place.is_file():
        return [place]
    files = [path for path in sorted(place.rglob("*.*")) if path.suffix in WRITTEN and path.name != "former-names.md"]
    return [path for path in files if not INSTALLED & set(path.parts)]


def test_no_banned_phrase_is_in_comments_docstrings_texts_or_pages() -> None:
    used = {
        f"{path.relative_to(ROOT)}: {phrase}"
        for top in PLAIN
        for path in written(top)
        for phrase in map(str.lower, PHRASE.findall(prose(path)))
    }
    assert sorted(f"{use} (write: {PROSE[use.rpartition(': ')[2]]})" for use in used - ALLOWED) == []


def notes(path: Path) -> str:
    """Comments, docstrings and names of a test module: the rest is data. Nothing where no phrase is in it."""
    text = path.read_text()
    if not PHRASE.search(text.replace("_", " ")):
        return ""
    nodes = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    names = [node.name.replace("_", " ") for node in nodes if not isinstance(node, ast.Module)]
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return "\n".join([*comments, *names, *(ast.get_docstring(node) or "" for node in nodes)])


def test_tests_name_things_and_say_sentences_in_plain_terms() -> None:
    used = {
        f"{path.relative_to(ROOT)}: {phrase}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != Path(__file__)
        for phrase in map(str.lower, PHRASE.findall(notes(path)))
    }
    assert sorted(f"{use} (write: {PROSE[use.rpartition(': ')[2]]})" for use in used) == []


def test_tests_define_and_use_no_former_name() -> None:
    used = {
        f"{path.relative_to(ROOT)}: {word}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for word in words(path) & FORMER_IN_TESTS
    }
    assert used == set()
    assert not {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("*.py")} & FORMER_MODULES


def test_the_phrases_are_found_in_a_comment_a_docstring_and_a_text(tmp_path: Path) -> None:
    path = tmp_path / "sample.py"
    path.write_text('"""Somebody."""\nX = "in hand"  # nobody\n')
    assert [phrase.lower() for phrase in PHRASE.findall(prose(path))] == ["somebody", "in hand", "nobody"]
