"""Whatever can happen has its words: no page shows the code of an event, a command or an operation in their place."""

from __future__ import annotations

from console import event_texts, labels
from contracts.catalog import TRIGGERS
from ingress.routes import ROUTES
from ledger.capabilities import HANDLERS, LOCK_FREE


def test_every_trigger_has_its_words() -> None:
    assert event_texts.EVENTS.keys() == TRIGGERS.keys()


def test_every_command_of_the_ledger_has_its_words() -> None:
    assert event_texts.COMMANDS.keys() == {*HANDLERS, *LOCK_FREE}


def test_every_operation_of_the_audit_log_has_its_words() -> None:
    assert {route.operation_id for route in ROUTES if route.is_audited} <= event_texts.OPERATIONS.keys()


def test_a_code_that_is_not_known_is_shown_in_words() -> None:
    assert labels.of("sale.some_thing") == "Sale some thing"
