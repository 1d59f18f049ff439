"""Bring the console's catalogs up to date with the texts in its code, its templates and the actions (`make catalogs`).

English texts are the source. What has no translation yet is left empty, and a test names it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from console.field_names import name_of
from contracts.catalog import ACTIONS

CONSOLE: Final = Path(__file__).resolve().parents[1] / "services" / "console"
LOCALES: Final = ("fr", "es")
KEYWORDS: Final[dict[str, Any]] = {"_": None, "N_": None, "text": None, "plural": (1, 2), "ngettext": (1, 2)}
METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS: Final = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
ACTIONS_PLACE: Final = "libs/contracts/catalog"
WIDTH: Final = 110


def texts() -> Iterator[tuple[str, str | tuple[str, str]]]:
    """Every text to translate, with the file that it stands in."""
    found = extract_from_dir(str(CONSOLE), METHODS, OPTIONS, KEYWORDS, comment_tags=())
    for name, _, message, _, _ in found:
        if isinstance(message, str) or all(message):
            yield name, message
    yield from texts_of_actions()


def texts_of_actions() -> Iterator[tuple[str, str]]:
    """What the console calls the fields that actions take, and what their schemas say of them."""
    for action in ACTIONS.values():
        for name, part in action.input.model_json_schema().get("properties", {}).items():
            yield ACTIONS_PLACE, name_of(name)
            if "description" in part:
                yield ACTIONS_PLACE, part["description"]


def source() -> Catalog:
    """All texts without a translation."""
    catalog = Catalog(project="Ledgerwire", charset="utf-8")
    for name, message in texts():
        if message:
            catalog.add(message, locations=[(name, 0)])
    return catalog


def place_of(locale: str) -> Path:
    """The catalog of a language."""
    return CONSOLE / "locale" / locale / "LC_MESSAGES" / "console.po"


def main() -> int:
    """Update each catalog; texts that are gone go."""
    for locale in LOCALES:
        place = place_of(locale)
        with place.open("rb") as file:
            catalog = read_po(file, locale=locale)
        catalog.update(source(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        with place.open("wb") as file:
            write_po(file, catalog, width=WIDTH, no_location=True, sort_output=True, omit_header=False)
        missing = sum(1 for message in catalog if message.id and not all(message.string or [""]))
        print(f"{locale}: {len(catalog)} texts, {missing} to translate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
