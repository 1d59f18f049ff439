"""The table of commands agrees with the handlers of the ledger."""

from __future__ import annotations

from contracts.wire.commands import COMMANDS
from contracts.wire.topology import LEDGER_COMMANDS
from ledger.capabilities import CAPABILITIES

INTERNAL = {"mark_overdue", "check_promise"}  # made by the ledger's own schedulers, never sent


def test_each_handler_reads_the_input_model_of_its_command() -> None:
    handlers = {name: handler.model for one in CAPABILITIES for name, handler in one.commands.items()}
    declared = {spec.name: spec.input for spec in COMMANDS.values() if spec.name in handlers}
    assert {name: model.__name__ for name, model in handlers.items() if name not in INTERNAL} == {
        name: model.__name__ for name, model in declared.items() if model is not None
    }


def test_each_command_of_the_ledger_has_a_handler() -> None:
    handled = {name for one in CAPABILITIES for name in one.commands}
    by_the_consumer = {"dry_run", "receive_inbox_message"}
    declared = {spec.name for spec in COMMANDS.values() if spec.queue is LEDGER_COMMANDS}
    assert declared - by_the_consumer == handled - INTERNAL
