"""The fewest correct acknowledgements, held against a broker's own rules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from messaging.rabbitmq.acks import AckWindow


class Broker:
    """What a channel has open, and RabbitMQ's rule: an acknowledged tag must be open."""

    def __init__(self, last: int) -> None:
        self.open = set(range(1, last + 1))

    def acknowledge(self, up_to: int | None, singles: list[int]) -> None:
        if up_to is not None:
            assert up_to in self.open
            self.open -= {tag for tag in self.open if tag <= up_to}
        for tag in singles:
            self.open.remove(tag)


@given(
    st.integers(1, 60).flatmap(lambda last: st.tuples(st.just(last), st.permutations(range(1, last + 1)))), st.data()
)
def test_exactly_what_is_settled_is_acknowledged_in_whatever_order(
    tags: tuple[int, list[int]], data: st.DataObject
) -> None:
    last, order = tags
    broker, window, settled = Broker(last), AckWindow(), set[int]()
    while order:
        size = data.draw(st.integers(1, len(order)))
        batch, order = order[:size], order[size:]
        broker.acknowledge(*window.ack(batch))
        settled.update(batch)
        assert broker.open == set(range(1, last + 1)) - settled


def test_a_whole_batch_in_order_takes_one_acknowledgement() -> None:
    window = AckWindow()
    assert window.ack(range(1, 101)) == (100, [])
    assert window.ack(range(101, 201)) == (200, [])


def test_what_lies_behind_an_open_tag_is_acknowledged_singly() -> None:
    window = AckWindow()
    assert window.ack([2, 3]) == (None, [2, 3])
    assert window.ack([1]) == (1, [])
    assert window.ack([4]) == (4, [])
