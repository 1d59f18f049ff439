"""No fault of one account's command changes the answer of another account in the same batch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.wire.commands import CREATE_CLIENT, CREATE_SALE
from ledger.numeric_overflow import refuse_numeric_overflow
from messaging.handling import Ack, InFlightMessage
from messaging.handling import handle as handle_batch
from messaging.port import ConsumerOptions, Incoming
from tests.support.ledger import LedgerHarness, an_invoice, handle, open_harness

REFUSED: list[tuple[str, dict[str, Any]]] = [
    (CREATE_CLIENT, {"name": "a\x00b"}),
    (CREATE_CLIENT, {"name": "x" * 100_000}),
    (CREATE_CLIENT, {"name": ["x"]}),
    (CREATE_CLIENT, {"name": "A", "comment": {"a": 1}}),
    (CREATE_CLIENT, {"name": "A", "pay_term": {"type": 1, "days": 10**18}}),
]
LARGE = ("9" * 18, "9" * 40, "1e400", "-" + "9" * 25, "NaN", "0." + "1" * 60)


@pytest.fixture
async def ledger(ledger_dsn: str) -> AsyncIterator[LedgerHarness]:
    async with open_harness(ledger_dsn) as harness:
        yield harness


async def settled(ledger: LedgerHarness, *bodies: bytes) -> list[Any]:
    batch = [InFlightMessage(Incoming("ledger.commands", body), None) for body in bodies]
    return await handle_batch(refuse_numeric_overflow(ledger.pipeline, handle), batch, ConsumerOptions())


@pytest.mark.parametrize(("name", "data"), REFUSED)
async def test_a_refused_command_leaves_the_other_accounts_answer(
    ledger: LedgerHarness, name: str, data: dict[str, Any]
) -> None:
    other = await ledger.add_account()
    bad = ledger.command(name, data)
    good = ledger.command(CREATE_CLIENT, {"name": "Good"}, account_id=other)
    assert await settled(ledger, bad.encode(), good.encode()) == [Ack(), Ack()]
    assert (await ledger.outcome(good.id)).status == 201
    answer = await ledger.outcome(bad.id)
    assert (answer.status, answer.body["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("field", ["quantity", "unit_price", "tax_rate"])
@pytest.mark.parametrize("value", LARGE)
async def test_a_number_that_does_not_fit_is_refused_by_its_name(ledger: LedgerHarness, field: str, value: str) -> None:
    other, client_id = await ledger.add_account(), await ledger.client()
    line = {"description": "Work", "quantity": "1", "unit_price": "1.00", "tax_rate": "21"} | {field: value}
    bad = ledger.command(CREATE_SALE, an_invoice(client_id, lines=[line]))
    good = ledger.command(CREATE_CLIENT, {"name": "Good"}, account_id=other)
    assert await settled(ledger, bad.encode(), good.encode()) == [Ack(), Ack()]
    assert (await ledger.outcome(good.id)).status == 201
    answer = await ledger.outcome(bad.id)
    assert (answer.status, answer.body["code"]) == (422, "invalid_input")
    assert answer.body["errors"], answer.body
    assert "lines" in answer.body["errors"][0]["path"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b'{"name":"\\ud800"}', b"[" * 5000])
async def test_what_is_no_command_leaves_the_other_accounts_answer(ledger: LedgerHarness, body: bytes) -> None:
    good = ledger.command(CREATE_CLIENT, {"name": "Good"})
    assert (await settled(ledger, body, good.encode(), body))[1] == Ack()
    assert (await ledger.outcome(good.id)).status == 201
