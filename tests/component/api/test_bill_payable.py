"""A bill keeps what was paid before, what it is rounded by and what is left to pay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.caller import Caller, a_document

AMOUNTS = {"gross_amount": "42.00", "net_amount": "42.00"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("0.00", "0.00", "42.00")),
        ({"prepaid_amount": "25", "payable_amount": "17"}, ("25.00", "0.00", "17.00")),
        ({"prepaid_amount": "25"}, ("25.00", "0.00", "17.00")),
        ({"prepaid_amount": "-20", "payable_amount": "62"}, ("-20.00", "0.00", "62.00")),
        ({"rounding_amount": "0.02", "payable_amount": "42.02"}, ("0.00", "0.02", "42.02")),
        ({"deposit": "2"}, ("2.00", "0.00", "40.00")),
    ],
)
async def test_a_bill_keeps_what_is_left_to_pay(
    caller: Caller, fields: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    message = await caller.made_of("/v1/inbox/purchases", a_document("P-1", date_due="2026-03-31", **AMOUNTS, **fields))
    accepted = await caller.post(f"/v1/inbox/purchases/{message['id']}/accept", {})
    assert accepted.status == 200, accepted.text
    bill = await caller.read(f"/v1/bills/{accepted.json['result']['bill_id']}")
    assert (bill["prepaid"], bill["rounding"], bill["payable"]) == expected
    assert (bill["total"], bill["date_due"], len(bill["lines"])) == ("42.00", "2026-03-31", 1)
