"""Whom an event concerns: the dispatcher's pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.primitives.ids import new_id
from contracts.wire.envelope import Envelope
from trigger_dispatcher.events.event import Event, UnreadableEvent, read_event, subscribed_at
from trigger_dispatcher.events.matching import Subscriber, as_text, conditions_of, passes
from trigger_dispatcher.events.subscription_cache import SubscriptionCache, subscribers

NOW = datetime.now(tz=UTC)

SALE: dict[str, Any] = {
    "sale_type": "sales_invoice",
    "total": "165.01",
    "overdue": False,
    "tax_basis": 1,
    "comment": None,
    "client": {"name": "Ozola", "address": {"country": "LV"}},
    "lines": [{"item_code": "A", "tags": ["x", "y"]}, {"item_code": "B"}],
}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, True),
        ({"sale_type": ["sales_order", "sales_invoice"]}, True),
        ({"sale_type": ["sales_order"]}, False),
        ({"sale_type": ["sales_invoice"], "total": ["1"]}, False),
        ({"client.address.country": ["LV", "EE"]}, True),
        ({"client.address": ["LV"]}, False),
        ({"client.phone": ["1"]}, False),
        ({"sale_type.x": ["sales_invoice"]}, False),
        ({"overdue": ["false"]}, True),
        ({"overdue": [False]}, True),
        ({"overdue": ["False"]}, False),
        ({"tax_basis": ["1"]}, True),
        ({"tax_basis": [1]}, True),
        ({"comment": ["null", "None", ""]}, False),
        ({"lines.item_code": ["B"]}, True),
        ({"lines.item_code": ["C"]}, False),
        ({"lines.tags": ["y"]}, True),
    ],
)
def test_a_filter_compares_as_text_along_its_path(filters: dict[str, list[Any]], expected: bool) -> None:  # noqa: FBT001
    assert passes(conditions_of(filters), SALE) is expected


def test_only_plain_values_have_a_text() -> None:
    values: list[object] = ["a", True, 3, 1.5, None, {}, []]
    assert [as_text(value) for value in values] == [
        "a",
        "true",
        "3",
        "1.5",
        None,
        None,
        None,
    ]


def test_an_event_goes_to_those_subscribed_when_it_happened() -> None:
    assert _subscriber(NOW - timedelta(seconds=1)).wants(_event(at=NOW))
    assert _subscriber(NOW).wants(_event(at=NOW))
    assert not _subscriber(NOW + timedelta(seconds=1)).wants(_event(at=NOW))


def test_the_request_behind_an_event_counts_when_the_tellers_clock_is_behind() -> None:
    subscriber = _subscriber(NOW - timedelta(seconds=1))
    assert subscriber.wants(_event(at=NOW - timedelta(hours=1), request=_id_made(NOW)))
    assert not subscriber.wants(_event(at=NOW - timedelta(hours=1), request=_id_made(NOW - timedelta(hours=1))))
    # An id without a time is not asked for one.
    assert not subscriber.wants(_event(at=NOW - timedelta(hours=1), request=uuid4()))


def test_a_subscription_begins_at_the_time_of_its_command() -> None:
    command = Envelope(id=_id_made(NOW), name="x", account_id=new_id(), correlation_id=new_id(), at=NOW)
    assert abs(subscribed_at(command) - NOW) < timedelta(milliseconds=2)
    early = command.model_copy(update={"at": NOW - timedelta(seconds=5)})
    assert subscribed_at(early) == NOW - timedelta(seconds=5)


@pytest.mark.parametrize("data", [{}, {"subject_id": "x", "object": {}}, {"subject_id": str(new_id()), "object": []}])
def test_what_names_no_subject_or_object_is_no_event(data: dict[str, Any]) -> None:
    with pytest.raises(UnreadableEvent):
        read_event(Envelope(name="sale.posted", account_id=new_id(), correlation_id=new_id(), data=data))


def test_the_index_knows_only_what_is_at_the_asked_version() -> None:
    index, account = SubscriptionCache(), new_id()
    index.keep({account: subscribers(3, [_subscriber(NOW)])})
    assert index.current({account: 3})[account].to("sale.posted", {})
    assert index.current({account: 3})[account].to("sale.paid", {}) == ()
    assert index.current({account: 4}) == {}
    assert index.current({new_id(): 3}) == {}


def test_a_slower_batch_does_not_bring_back_an_older_version() -> None:
    index, account = SubscriptionCache(), new_id()
    index.keep({account: subscribers(4, [])})
    index.keep({account: subscribers(3, [_subscriber(NOW)])})
    assert index.current({account: 4})[account].size == 0


def test_the_index_is_bounded_by_accounts_and_by_subscribers() -> None:
    by_accounts = SubscriptionCache(accounts_max=2)
    accounts = [new_id() for _ in range(3)]
    for account in accounts:
        by_accounts.keep({account: subscribers(1, [])})
    assert [account in by_accounts.current({account: 1}) for account in accounts] == [False, True, True]
    by_subscribers = SubscriptionCache(subscribers_max=5)
    for account in accounts:
        by_subscribers.keep({account: subscribers(1, [_subscriber(NOW)] * 2)})
        by_subscribers.keep({account: subscribers(2, [_subscriber(NOW)] * 2)})
    assert len(by_subscribers) == 2


def test_the_account_used_last_stays() -> None:
    index = SubscriptionCache(accounts_max=2)
    first, second, third = (new_id() for _ in range(3))
    index.keep({first: subscribers(1, [])})
    index.keep({second: subscribers(1, [])})
    index.current({first: 1})
    index.keep({third: subscribers(1, [])})
    assert first in index.current({first: 1})
    assert second not in index.current({second: 1})


def _subscriber(effective_from: datetime) -> Subscriber:
    return Subscriber(new_id(), "hook", ("sale.posted",), (), effective_from)


def _event(*, at: datetime, request: UUID | None = None) -> Event:
    return Event(
        account_id=new_id(),
        id=new_id(),
        trigger="sale.posted",
        at=at,
        subject_id=new_id(),
        client_id=None,
        correlation_id=request or _id_made(at),
        causation_id=None,
        depth=0,
        data=SALE,
        body=b"{}",
    )


def _id_made(moment: datetime) -> UUID:
    raw = (int(moment.timestamp() * 1000) << 80) | (new_id().int & ((1 << 80) - 1))
    return UUID(int=raw)


@pytest.mark.parametrize(
    ("bounds", "passing", "refused"),
    [
        ({"gte": "1000"}, ["1000.00", "1000", 1000, "25000"], ["999.99", "", None, "n/a", True]),
        ({"lte": "9"}, ["9.00", "-3", 8], ["10", "9.01"]),
        ({"gte": "-5", "lte": "5"}, ["0", "-5.000", "5"], ["-5.01", "5.01"]),
        ({"gte": "2026-03-01", "lte": "2026-03-31"}, ["2026-03-01", "2026-03-31"], ["2026-02-28", "2026-04-01"]),
    ],
)
def test_a_range_compares_numbers_as_numbers_and_dates_as_text(
    bounds: dict[str, str], passing: list[Any], refused: list[Any]
) -> None:
    conditions = conditions_of({"value": bounds})
    assert [value for value in passing if not passes(conditions, {"value": value})] == []
    assert [value for value in refused if passes(conditions, {"value": value})] == []


def test_a_range_passes_when_any_element_of_a_list_is_in_it() -> None:
    lines = {"lines": [{"quantity": "1"}, {"quantity": "12"}]}
    assert passes(conditions_of({"lines.quantity": {"gte": "10"}}), lines)
    assert not passes(conditions_of({"lines.quantity": {"gte": "13"}}), lines)
