"""The menu: what is where, and who sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.i18n import N_


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    path: str
    text: str
    icon: str
    scope: str = "read"


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together."""

    text: str
    entries: tuple[Entry, ...]


MENU: Final = (
    Section("", (Entry("/", N_("Home"), "house"),)),
    Section(
        N_("Books"),
        (Entry("/sales", N_("Sales"), "file-text"),),
    ),
)
