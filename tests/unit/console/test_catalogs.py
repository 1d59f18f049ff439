"""Every text of the console has its translation, and every word of a template can be translated."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import jinja2
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from console.field_names import name_of
from contracts.catalog import ACTIONS

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted((ROOT / "services" / "console" / "templates").glob("*.html"))
FIELD = re.compile(r"\{(\w*)\}")
# Names, formats and code that read the same in every language.
SAME = re.compile(
    r"[\W\d_]*(Ledgerwire|Factur-X|UBL|CII|PayTraq XML|CSV|JSON|Python|JavaScript|PHP|ms|x|webhook-\w+)*[\W\d_]*",
    re.ASCII,
)
# Attributes that several tags share; none of them is shown.
SHARED = re.compile(r"(?<=set common -%\}).*?(?=\{%- endset)", re.DOTALL)
FILLED = "\N{SYMBOL FOR UNIT SEPARATOR}"  # stands where a template puts something in
SHOWN = ("title", "placeholder", "alt", "aria-label")


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogs", ROOT / "tools" / "catalogs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def source() -> Catalog:
    """The texts of the code and the templates, which takes a second to read."""
    found: Catalog = tool().source()
    return found


def catalog(locale: str) -> Catalog:
    with tool().place_of(locale).open("rb") as file:
        return read_po(file, locale=locale)


def texts(value: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["fr", "es"])
def test_every_text_has_a_translation_with_the_same_places_to_fill_in(locale: str) -> None:
    translated = catalog(locale)
    wrong = []
    for message in source():
        found = translated.get(message.id) if message.id else Message("x", "x")
        if found is None or not all(texts(found.string)) or found.fuzzy:
            wrong.append(f"{message.id}: not translated")
        elif message.id and any(
            set(FIELD.findall(one)) != set(FIELD.findall(texts(message.id)[-1])) for one in texts(found.string)
        ):
            wrong.append(f"{message.id}: another place to fill in")
    assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["fr", "es"])
def test_a_catalog_holds_no_text_that_is_gone(locale: str) -> None:
    assert [message.id for message in catalog(locale) if message.id and source().get(message.id) is None] == []


def test_what_the_fields_of_actions_are_called_and_explained_as_is_translated_too() -> None:
    parts = [
        (name, part)
        for action in ACTIONS.values()
        for name, part in action.input.model_json_schema().get("properties", {}).items()
    ]
    shown = {name_of(name) for name, _ in parts} | {part["description"] for _, part in parts if "description" in part}
    assert len(shown) > 100
    assert {text for text in shown if source().get(text) is None} == set()


class Words(HTMLParser):
    """The words that a template shows as they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"pre", "script", "style"}:
            self.inside.append(tag)
        self.found += [value for name, value in attrs if name in SHOWN and value]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.found += data.splitlines()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_shows_no_word_that_cannot_be_translated(path: Path) -> None:
    environment = jinja2.Environment(autoescape=True)
    plain = "".join(
        value if kind == "data" else FILLED if kind in {"variable_end", "block_end"} else ""
        for _, kind, value in environment.lex(SHARED.sub("", path.read_text(encoding="utf-8")))
    )
    words = Words()
    words.feed(plain)
    left = [text for one in words.found for text in one.split(FILLED) if text.strip()]
    assert [text for text in left if not SAME.fullmatch(text.strip())] == []
