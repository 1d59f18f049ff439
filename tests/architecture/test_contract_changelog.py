"""Names that programs rely on: each operation, trigger and action that comes or goes has an entry in the changelog."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contracts.catalog import OFFERED_TRIGGERS, offered_actions
from ingress.routes import ROUTES

PAGE = Path(__file__).parents[2] / "docs" / "contract-changelog.md"
SECTION = re.compile(r"^### (Operations|Triggers|Actions) (added|removed)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
NOW = {
    "Operations": {route.operation_id for route in ROUTES},
    "Triggers": set(OFFERED_TRIGGERS),
    "Actions": {action.key for action in offered_actions()},
}


def _recorded(kind: str) -> set[str]:
    """What there should be after all versions, the newest of which stands first."""
    names: set[str] = set()
    for found, verb, text in reversed(SECTION.findall(PAGE.read_text(encoding="utf-8"))):
        if found == kind:
            given = set(re.findall(r"`([\w.]+)`", text))
            names = names | given if verb == "added" else names - given
    return names


@pytest.mark.parametrize("kind", NOW)
def test_every_change_of_names_has_an_entry(kind: str) -> None:
    recorded = _recorded(kind)
    assert NOW[kind] - recorded == set(), f"docs/contract-changelog.md: add these under `### {kind} added`"
    assert recorded - NOW[kind] == set(), f"docs/contract-changelog.md: add these under `### {kind} removed`"
