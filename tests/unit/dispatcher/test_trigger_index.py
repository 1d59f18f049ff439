"""The index of a trigger's subscribers finds all that an event concerns, and asks few of the others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.filters import conditions_of, passes
from contracts.primitives.ids import new_id
from trigger_dispatcher.events.matching import Subscriber
from trigger_dispatcher.events.trigger_index import TriggerIndex

VALUES = st.sampled_from(["a", "b", "c", 1, True, None])
DATA = st.dictionaries(
    st.sampled_from(["x", "y"]),
    VALUES | st.lists(VALUES, max_size=3) | st.dictionaries(st.just("z"), VALUES, max_size=1),
    max_size=2,
)
FILTERS = st.dictionaries(st.sampled_from(["x", "y", "x.z"]), st.lists(VALUES, max_size=3), max_size=2)


def subscriber(filters: dict[str, Any]) -> Subscriber:
    return Subscriber(new_id(), "hook", ("sale.posted",), conditions_of(filters), datetime.now(tz=UTC))


@given(st.lists(FILTERS, max_size=6), DATA)
def test_no_subscriber_that_an_event_concerns_is_left_out(filters: list[dict[str, Any]], data: dict[str, Any]) -> None:
    index = TriggerIndex([subscriber(one) for one in filters])
    wanted = [one.id for one in index if passes(one.conditions, data)]
    assert [one.id for one in index.candidates(data) if passes(one.conditions, data)] == wanted


def test_of_thousands_only_those_with_the_events_value_are_asked() -> None:
    index = TriggerIndex([subscriber({"x": [f"value {number}"]}) for number in range(10_000)])
    assert len(index) == 10_000
    assert [one.conditions[0][1] for one in index.candidates({"x": "value 7"})] == [frozenset({"value 7"})]
