"""Numbers that Postgres cannot hold: a refusal for the command at fault, and nothing for its neighbours."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from contracts.wire.commands import CREATE_SALE
from ledger.numeric_overflow import refuse_numeric_overflow
from messaging.port import Done, Incoming
from tests.support.ledger import LedgerHarness, an_invoice, handle, open_harness

_TOO_LARGE = """
CREATE FUNCTION public.too_large() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.comment = 'too large' THEN
        RAISE EXCEPTION 'out of range' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER too_large BEFORE INSERT ON ledger.sale FOR EACH ROW EXECUTE FUNCTION public.too_large();
"""


@pytest.fixture
async def ledger(ledger_dsn: str) -> AsyncIterator[LedgerHarness]:
    async with open_harness(ledger_dsn) as harness:
        await harness.owner.execute(_TOO_LARGE)
        yield harness


async def test_a_command_whose_numbers_do_not_fit_is_refused_alone(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    commands = [
        ledger.command(CREATE_SALE, an_invoice(client_id, comment=comment)) for comment in ("fits", "too large")
    ]
    messages = [Incoming("ledger.commands", command.encode()) for command in commands]
    take = refuse_numeric_overflow(ledger.pipeline, handle)

    with pytest.raises(asyncpg.NumericValueOutOfRangeError):
        await take(messages)
    outcomes = [await take([message]) for message in messages]

    assert outcomes == [[Done()], [Done()]]
    answers = [await ledger.outcome(command.id) for command in commands]
    assert [answer.status for answer in answers] == [201, 422]
    assert answers[1].body["code"] == "invalid_input"
    assert (await ledger.contents())["sale"] == 1
