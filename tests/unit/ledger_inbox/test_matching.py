"""Whose messages a rule is for, and what it allows of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.resources.inbox_rule import InboxRuleIn, RuleMatch
from ledger.inbox.rule_matching import Rule, allows, candidates, is_for, sender_request_of

SUPPLIER = {
    "name": "Paper and  Pens OÜ",
    "reg_number": "1000 0001",
    "tax_number": "EE1",
    "email": "Bills@Paper.example",
}


def a_rule(box: str = "purchases", *, match: dict[str, Any] | None = None, **fields: Any) -> Rule:
    said = RuleMatch.model_validate(match or {"channel_id": "c"}).model_dump()
    default: dict[str, Any] = {
        "account_id": new_id(), "id": new_id(), "box": box, "match": said, "max_amount_minor": None, "currency": None,
        "no_warnings": True, "issue": False, "auto_processing": False, "name": None,
        "created_at": datetime(2026, 3, 2, tzinfo=UTC),
    }  # fmt: skip
    return Rule(**default | fields)


def chosen(*rules: Rule, **fields: Any) -> list[Rule]:
    default: dict[str, Any] = {
        "box": "purchases", "state": "received", "channel_id": "c", "document": {"supplier": SUPPLIER}, "warnings": [],
        "auto_processing": None,
    }  # fmt: skip
    return candidates(rules, **default | fields)


@pytest.mark.parametrize(
    ("match", "is_meant"),
    [
        ({"channel_id": "c"}, True),
        ({"channel_id": "C"}, True),
        ({"channel_id": "d"}, False),
        ({"name": "paper and pens oü"}, True),
        ({"name": "paper"}, False),
        ({"reg_number": "10000001"}, True),
        ({"tax_number": "ee 1"}, True),
        ({"email": "bills@paper.example"}, True),
        ({"channel_id": "c", "reg_number": "2"}, False),
    ],
)
def test_a_sender_is_known_by_all_that_is_said_of_him(match: dict[str, Any], *, is_meant: bool) -> None:
    rule = a_rule(match=match)
    assert is_for(rule, box="purchases", channel_id="c", document={"supplier": SUPPLIER}) is is_meant


def test_in_the_sales_inbox_the_client_is_the_sender() -> None:
    client = {"name": "Leo", "vat_number": "FR1"}
    for match in ({"name": "leo"}, {"tax_number": "FR1"}):
        assert is_for(a_rule("sales", match=match), box="sales", channel_id=None, document={"client": client})
    assert not is_for(a_rule("purchases", match={"name": "leo"}), box="sales", channel_id=None, document={})


def test_a_message_that_says_nothing_of_its_sender_is_only_known_by_its_channel() -> None:
    for document in ({}, {"supplier": None}, {"supplier": "x"}, {"supplier": {"name": 7}}):
        assert not is_for(a_rule(match={"name": "x"}), box="purchases", channel_id="c", document=document)
    assert is_for(a_rule(match={"channel_id": "c"}), box="purchases", channel_id="c", document={})


def test_the_oldest_rule_comes_first() -> None:
    first, second = a_rule(), a_rule()
    assert chosen(second, first) == [first, second]


def test_what_is_flagged_or_decided_no_rule_accepts() -> None:
    assert chosen(a_rule(), warnings=["total"]) == []
    assert len(chosen(a_rule(no_warnings=False), warnings=["total"])) == 1
    for state in ("duplicate", "accepted", "rejected"):
        assert chosen(a_rule(no_warnings=False), state=state) == []


def test_a_rule_for_automatic_processing_waits_for_the_flag() -> None:
    rule = a_rule(auto_processing=True)
    assert chosen(rule) == []
    assert chosen(rule, auto_processing={"process": False, "approve": True}) == []
    assert chosen(rule, auto_processing={"process": True}) == [rule]


def test_a_rule_allows_up_to_its_amount_in_its_currency() -> None:
    rule = a_rule(max_amount_minor=10_000, currency="EUR")
    assert allows(rule, total_minor=10_000, currency="EUR")
    assert not allows(rule, total_minor=10_001, currency="EUR")
    assert not allows(rule, total_minor=-10_001, currency="EUR")
    assert not allows(rule, total_minor=1, currency="USD")
    assert allows(a_rule(), total_minor=10**15, currency="USD")


def test_flags_that_are_not_there_ask_for_nothing() -> None:
    assert sender_request_of(None) == sender_request_of({})
    assert sender_request_of({"process": True, "payment": {}}).payment == {}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"match": {}}, "match"),
        ({"match": {"channel_id": None}}, "match"),
        ({"issue": True}, "issue"),
        ({"conditions": {"max_amount": "-1"}}, "conditions.max_amount"),
        ({"conditions": {"currency": "EURO"}}, "conditions.currency"),
        ({"action": "reject"}, "action"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(ValueError, match=path):
        InboxRuleIn.model_validate({"box": "purchases", "match": {"channel_id": "c"}} | fields)
