"""The single place where each trigger and action is declared; API, console and connectors are made from it."""

from __future__ import annotations

from typing import Final

from contracts.catalog.actions import ACTIONS as _ACTIONS
from contracts.catalog.model import (
    SAMPLE_EVENT_ID,
    SAMPLE_TIME,
    SCHEDULE_SAMPLE,
    Action,
    Field,
    Filter,
    LocalizedText,
    Trigger,
    fields_of,
)
from contracts.catalog.triggers import TRIGGERS as _TRIGGERS

__all__ = [
    "ACTIONS",
    "OFFERED_TRIGGERS",
    "SAMPLE_EVENT_ID",
    "SAMPLE_TIME",
    "SCHEDULE_SAMPLE",
    "TRIGGERS",
    "Action",
    "Field",
    "Filter",
    "LocalizedText",
    "Trigger",
    "fields_of",
    "offered_actions",
]

TRIGGERS: Final[dict[str, Trigger]] = {trigger.key: trigger for trigger in _TRIGGERS}
"""Every trigger by its key, in the contract's order; `available` ones are fired by this release."""

OFFERED_TRIGGERS: Final = {key: trigger for key, trigger in TRIGGERS.items() if trigger.available}
"""The triggers that can fire: the API lists them and accepts them in hooks and automations."""

ACTIONS: Final[dict[str, Action]] = {action.key: action for action in _ACTIONS}
"""Every action by its key, in the contract's order; `available` ones can run in this release."""


def offered_actions() -> list[Action]:
    """The actions that the API offers and that an automation may use."""
    return [action for action in ACTIONS.values() if action.available]
