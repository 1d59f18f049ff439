"""Decide which subscribers an event concerns: pure, between the event and its dispatches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.filters import Condition, as_text, conditions_of, passes
from contracts.wire.events import HOOK_DISABLED
from trigger_dispatcher.events.event import Event

__all__ = ["Condition", "Kind", "Subscriber", "as_text", "conditions_of", "passes"]

Kind = Literal["hook", "automation"]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A hook or an automation, ready to be matched.

    `version` is an automation's published one or that of a hook's target and secret; `ordered` is a hook's.
    """

    id: UUID
    kind: Kind
    triggers: tuple[str, ...]
    conditions: tuple[Condition, ...]
    effective_from: datetime
    ordered: str | None = None
    version: int = 0

    def wants(self, event: Event) -> bool:
        """Whether the event is for it: not before its time, and accepted. Its triggers are the index's."""
        return event.latest_origin >= self.effective_from and self.accepts(event)

    def accepts(self, event: Event) -> bool:
        """Whether every filter passes, and the event is not that this very hook was disabled: it would cause itself."""
        itself = event.trigger == HOOK_DISABLED and event.subject_id == self.id
        return not itself and passes(self.conditions, event.data)
