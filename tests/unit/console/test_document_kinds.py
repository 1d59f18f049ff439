"""The console offers of each kind of document what the API takes: its rows agree with the API's table."""

from __future__ import annotations

import pytest

from console.document_kinds import KINDS as OFFERED
from contracts.resources.document_kinds import KINDS, SaleType

OWN = ("accept", "decline", "expire", "close", "cancel")


def test_every_kind_has_a_row() -> None:
    assert OFFERED.keys() == KINDS.keys()


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_offers_its_conversions_and_actions_where_they_are_possible(name: SaleType) -> None:
    kind, offered = KINDS[name], OFFERED[name]
    states = {wanted: {state for state, command in kind.moves if command == wanted} for wanted in (*OWN, "convert")}
    assert offered.converts_to == kind.converts_to
    assert offered.converts_in == states["convert"]
    assert offered.actions == {command: states[command] for command in OWN if states[command]}
