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
        N_("Receivables"),
        (
            Entry("/sales", N_("Sales"), "file-text"),
            Entry("/payments", N_("Payments"), "wallet"),
            Entry("/clients", N_("Clients"), "users"),
            Entry("/messages", N_("Messages"), "mail"),
            Entry("/products", N_("Products"), "package"),
            Entry("/reports", N_("Reports"), "chart-column"),
        ),
    ),
    Section(
        N_("Collections"),
        (
            Entry("/cases", N_("Board"), "hand-coins"),
            Entry("/calls", N_("Call console"), "phone"),
            Entry("/replies", N_("Replies"), "message-square"),
            Entry("/promises", N_("Promises"), "check"),
            Entry("/disputes", N_("Disputes"), "circle-alert"),
            Entry("/collectors", N_("Collectors"), "rotate-ccw"),
        ),
    ),
    Section(
        N_("Inboxes"),
        (
            Entry("/inbox/purchases", N_("Purchase inbox"), "inbox"),
            Entry("/inbox/sales", N_("Sales inbox"), "shopping-cart"),
            Entry("/bills", N_("Bills"), "receipt"),
            Entry("/suppliers", N_("Suppliers"), "truck"),
        ),
    ),
    Section(
        N_("Automation"),
        (
            Entry("/automations", N_("Automations"), "zap"),
            Entry("/runs", N_("Runs"), "play"),
            Entry("/hooks", N_("Hooks"), "webhook"),
            Entry("/deliveries", N_("Deliveries"), "send"),
            Entry("/events", N_("Events"), "bell"),
        ),
    ),
    Section(
        N_("Access"),
        (
            Entry("/api-access", N_("API access"), "key-round", "admin"),
            Entry("/tokens", N_("Access tokens"), "ticket", "admin"),
            Entry("/applications", N_("Connected applications"), "plug-zap", "admin"),
            Entry("/channels", N_("Channels"), "route"),
            Entry("/connections", N_("Connections"), "cable"),
        ),
    ),
    Section(
        N_("Account"),
        (
            Entry("/settings", N_("Settings"), "settings"),
            Entry("/users", N_("Users"), "user-cog", "admin"),
            Entry("/imports", N_("Imports"), "upload"),
            Entry("/audit", N_("Audit log"), "scroll-text", "admin"),
        ),
    ),
)
