"""A rule's conditions hold for what a message states as well as for what it comes to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.ledger import LedgerHarness
from tests.support.ledger_inbox import a_purchase, a_rule, an_order, message, received


async def test_a_channel_id_in_capitals_names_the_same_channel(ledger: LedgerHarness) -> None:
    await a_rule(ledger, match={"channel_id": "PUBLIC-ID-OF-THE-CHANNEL"})
    assert (await message(ledger, await received(ledger, a_purchase())))["state"] == "accepted"


@pytest.mark.parametrize(
    ("stated", "state"),
    [
        ({"gross_amount": "29.28"}, "accepted"),
        ({"gross_amount": "29.29"}, "received"),
        ({"payable_amount": "5000.00"}, "received"),
        ({"gross_amount": "-5000.00"}, "received"),
    ],
)
async def test_the_larger_of_the_stated_and_the_computed_total_counts(
    ledger: LedgerHarness, stated: dict[str, Any], state: str
) -> None:
    await a_rule(ledger, "sales", conditions={"max_amount": "29.28", "no_warnings": False})
    assert (await message(ledger, await received(ledger, an_order(**stated))))["state"] == state


async def test_a_purchase_that_states_more_than_its_lines_come_to_is_left_to_people(ledger: LedgerHarness) -> None:
    await a_rule(ledger, conditions={"max_amount": "50.82", "no_warnings": False})
    left = await received(ledger, a_purchase(gross_amount="9000.00"))
    assert (await message(ledger, left))["state"] == "received"
