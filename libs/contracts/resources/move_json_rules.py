"""Rules between the fields of a move of invoices, as JSON schema says them beside the model that checks them."""

from __future__ import annotations

from typing import Any, Final

from contracts.resources.json_rules import all_of, exactly_one_of, given, only, where

OWN_OR_REPORTED: Final[dict[str, Any]] = where(
    "origin",
    ["external"],
    exactly_one_of("to_collector", "collector_id"),
    all_of(
        given("collector_id"),
        only(from_collector=[None], to_collector=[None], notification=[None], occurred_at=[None], cause=["person"]),
    ),
)
"""A reported move names a collector of either system; an own one goes to one here and says no more."""
