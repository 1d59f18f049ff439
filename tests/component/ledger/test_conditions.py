"""Conditional commands on the ledger: each is compared with all that was done before it, also within its batch."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from contracts.etag import entity_tag
from contracts.resources import client
from contracts.wire import commands
from ledger.capabilities import HANDLERS, SUBJECTS
from tests.support.ledger import LedgerHarness, open_harness, prepare
from tests.support.postgres_server import Postgres


@pytest.fixture(scope="module")
async def ledger(postgres: Postgres) -> AsyncIterator[LedgerHarness]:
    dsn = await postgres.copy_of(prepare)
    async with open_harness(dsn) as harness:
        yield harness
    await postgres.drop_database(dsn)


async def test_of_two_changes_of_one_state_in_one_batch_the_first_is_made(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id)
    client_id = await ledger.client()
    tag = entity_tag(client.from_row(dict(await ledger.row("client", client_id))))
    ctx = [
        ledger.command(commands.UPDATE_CLIENT, {"id": client_id, "comment": text}, if_match=[tag])
        for text in ("first", "second")
    ]
    await ledger.handle(*ctx)
    answers = [await ledger.outcome(command.id) for command in ctx]
    assert [answer.status for answer in answers] == [200, 412]
    assert (await ledger.row("client", client_id))["comment"] == "first"


async def test_a_conditional_change_sees_what_its_batch_did_before(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id)
    client_id = await ledger.client()
    tag = entity_tag(client.from_row(dict(await ledger.row("client", client_id))))
    plain = ledger.command(commands.UPDATE_CLIENT, {"id": client_id, "comment": "plain"})
    late = ledger.command(commands.UPDATE_CLIENT, {"id": client_id, "comment": "late"}, if_match=[tag])
    await ledger.handle(plain, late)
    assert (await ledger.outcome(late.id)).status == 412
    assert (await ledger.row("client", client_id))["comment"] == "plain"


def test_every_command_about_one_thing_can_be_conditional() -> None:
    about_one = {name for name, decision in HANDLERS.items() if "id" in decision.model.model_fields}
    internal = {commands.APPLY_INBOX_RULES, "mark_overdue", "check_promise"}
    assert about_one - internal == SUBJECTS.keys()
