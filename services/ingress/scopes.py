"""Authorization: the closed set of scopes that credentials have and routes require, and the roles of users."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Scope = Literal["read", "write", "automate", "admin"]
"""read: every GET of the account's data; write: the ledger, inboxes, collections; automate: hooks, automations, runs,
connections; admin: users, credentials, channels with their URLs, the account."""

SCOPES: Final[tuple[Scope, ...]] = ("read", "write", "automate", "admin")
ALL_SCOPES: Final = frozenset(SCOPES)
MCP_SCOPES: Final[tuple[Scope, ...]] = ("read", "write")
"""What tools for assistants need; none of them administers the account."""

Role = Literal["owner", "member", "viewer"]

SCOPES_OF_ROLE: Final[Mapping[Role, frozenset[Scope]]] = MappingProxyType(
    {"owner": ALL_SCOPES, "member": ALL_SCOPES - {"admin"}, "viewer": frozenset({"read"})}
)
