"""Which of the catalog's actions apps offer, and how they belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contracts.catalog import Action

# What Zapier and n8n do themselves, with connections of their own.
OF_THE_PLATFORMS: Final = frozenset({"http_request", "send_email", "post_chat_message", "store_file", "append_row"})


def action_is_in_apps(action: Action) -> bool:
    """Ours, and those that only Ledgerwire can carry out; what steers a run makes no sense by itself."""
    return action.available and action.group != "flow" and action.key not in OF_THE_PLATFORMS


def finds(action: Action) -> str | None:
    """The name under which a search gives what it found; None: it is no search, or makes what it does not find."""
    if "found" not in action.output or "created" in action.output:
        return None
    return next(name for name in action.output if name != "found")


def created_by(search: Action, actions: Sequence[Action]) -> Action | None:
    """The action that creates what a search finds."""
    return next((one for one in actions if one.path is not None and one.path == f"/v1/{finds(search)}s"), None)
