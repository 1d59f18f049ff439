"""Steps of cases: each is taken once, and again at once where its reminder never went."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import pytest

from contracts.wire import commands
from ledger.collections.cases.write import StepTakenTwice
from templates.renderer import Renderer
from tests.support.collecting import Collecting, mail
from tests.support.ledger import LedgerHarness, handle


@pytest.fixture
async def collecting(ledger: LedgerHarness) -> AsyncIterator[Collecting]:
    renderer = Renderer()
    yield Collecting(ledger, renderer)
    await renderer.stop()


async def test_a_step_that_was_taken_is_not_taken_again_whatever_its_case_says(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"))
    await collecting.invoice(await collecting.client())
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    await collecting.ledger.owner.execute("UPDATE ledger.collection_case SET last_step = -1, contacted = false")
    with pytest.raises(StepTakenTwice):
        await collecting.decide()
    assert len(await collecting.jobs()) == 1
    assert await collecting.ledger.owner.fetchval("SELECT count(*) FROM ledger.message") == 1


async def test_a_reminder_that_was_called_off_and_never_went_wakes_the_scheduler(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"))
    client_id = await collecting.client()
    sale_id = await collecting.invoice(client_id)
    await collecting.invoice(client_id)
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    await collecting.ledger.pay(client_id, "165.01", (sale_id, "165.01"))
    (job,) = await collecting.jobs()
    confirmed = {"message_id": str(job.message_id), "outcome": "cancelled"}
    woken: list[datetime] = []
    effects = await collecting.ledger.pipeline.commit(
        [collecting.ledger.command(commands.CONFIRM_MESSAGE, confirmed)],
        partial(handle, expect={"due_clients": woken.append}),
    )
    for callback in effects.after_commit:
        callback()
    assert len(woken) == 1
    await collecting.decide()
    assert [one.message_id == job.message_id for one in await collecting.jobs()] == [True, False]
