"""Call steps of cases: a call ends the one that is due only where that is asked for, and can let everything wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.wire import commands
from templates.renderer import Renderer
from tests.support.collecting import Collecting, mail
from tests.support.ledger import Answer, LedgerHarness

A_CALL = {"channel": "call", "delay": "P1D", "automatic": False}
OVERDUE = datetime(2026, 3, 17, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    one = Renderer()
    yield one
    await one.stop()


@pytest.fixture
async def client_id(ledger: LedgerHarness, renderer: Renderer) -> str:
    """A client that is to be called now, and reminded four days later."""
    collecting = Collecting(ledger, renderer)
    await collecting.collector(A_CALL, mail("P5D"))
    made = await collecting.client(phone="+37120000000")
    await collecting.invoice(made)
    await collecting.at(OVERDUE)
    assert (await collecting.case())["reason"] == "a call is due"
    return made


@pytest.fixture
def collecting(ledger: LedgerHarness, renderer: Renderer) -> Collecting:
    return Collecting(ledger, renderer, OVERDUE)


async def call(collecting: Collecting, client_id: str, **given: Any) -> Answer:
    usual = {"client_id": client_id, "outcome": "no_answer"}
    return await collecting.ledger.ask(commands.RECORD_CALL, usual | given)


async def test_a_call_keeps_the_step_unless_it_advances(collecting: Collecting, client_id: str) -> None:
    kept = await call(collecting, client_id)
    await collecting.decide()
    case = await collecting.case()
    assert (kept.body["advance"], case["state"], case["next_step"]) == (False, "pending", 0)
    ended = await call(collecting, client_id, outcome="spoke", advance=True)
    await collecting.decide()
    case = await collecting.case()
    assert (ended.body["advance"], case["state"], case["last_step"], case["next_step"]) == (True, "scheduled", 0, 1)
    assert case["next_channel"] == "email"
    again = await call(collecting, client_id, advance=True)
    assert again.body["advance"] is False


async def test_a_call_counts_as_contact_and_its_own_step_does_not_wait_for_it(collecting: Collecting) -> None:
    await collecting.ledger.owner.execute(
        "UPDATE ingress_api.account SET collections = $1::jsonb", '{"min_contact_interval": "P3D"}'
    )
    await collecting.collector(A_CALL, mail("PT1S", anchor="after_previous"))
    client_id = await collecting.client(phone="+37120000000")
    await collecting.invoice(client_id)
    await collecting.decide()
    await call(collecting, client_id)
    called_at = await collecting.ledger.owner.fetchval("SELECT created_at FROM ledger.call")
    await collecting.at(called_at + timedelta(minutes=1))
    assert (await collecting.case())["reason"] == "a call is due"
    ended = await call(collecting, client_id, outcome="spoke", advance=True)
    called_at = await collecting.ledger.owner.fetchval("SELECT max(created_at) FROM ledger.call")
    await collecting.at(called_at + timedelta(days=2, hours=23))
    case = await collecting.case()
    assert (ended.body["advance"], case["state"], case["next_channel"]) == (True, "scheduled", "email")
    assert case["next_at"] == called_at + timedelta(days=3)
    await collecting.at(called_at + timedelta(days=3))
    assert len(await collecting.jobs()) == 1


async def test_a_call_can_let_everything_wait(collecting: Collecting, client_id: str) -> None:
    day = datetime(2199, 1, 5, tzinfo=UTC)
    await call(collecting, client_id, snooze_until=day.date().isoformat())
    await collecting.decide()
    case = await collecting.case()
    assert (case["state"], case["ends_at"]) == ("paused", day)


async def test_a_dispute_raised_in_a_call_holds_the_case(collecting: Collecting, client_id: str) -> None:
    await call(collecting, client_id, outcome="disputed", note="Not delivered")
    await collecting.decide()
    assert (await collecting.case())["state"] == "disputed"


async def test_a_promise_made_in_a_call_holds_the_case(collecting: Collecting, client_id: str) -> None:
    await call(collecting, client_id, outcome="promised", promise={"date": "2030-01-15"})
    await collecting.decide()
    case = await collecting.case()
    assert (case["state"], case["ends_at"]) == ("promised", datetime(2030, 1, 16, tzinfo=UTC))
