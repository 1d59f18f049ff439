"""Which subqueue of its queue a message goes by: an account over its share delays itself alone."""

from __future__ import annotations

from uuid import UUID

from contracts.primitives.ids import new_id
from contracts.wire.envelope import Envelope, account_of
from messaging.port import Outgoing
from outbox.share import BURST_MAX, LEVEL_MAX, SHARE_PER_SECOND
from outbox.subqueues import LARGE_BYTES, SubqueueChooser


class Clock:
    """A clock that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def a_message(account: UUID, *, characters: int = 10, queue: str = "q") -> Outgoing:
    envelope = Envelope(name="n", account_id=account, correlation_id=new_id(), data={"text": "x" * characters})
    return Outgoing(envelope.id, queue, envelope.encode())


def subqueues_of(chooser: SubqueueChooser, account: UUID, number: int) -> list[str]:
    return [chooser.choose(a_message(account)).queue for _ in range(number)]


def test_an_account_is_found_in_its_envelope_and_nowhere_else() -> None:
    account = new_id()
    assert account_of(a_message(account).body) == str(account).encode()
    assert account_of(b"no envelope") == b""


def test_an_account_over_its_share_goes_by_the_bulk_lane_and_no_other_does() -> None:
    chooser, noisy, quiet = SubqueueChooser(["q"], clock=Clock()), new_id(), new_id()
    assert subqueues_of(chooser, noisy, BURST_MAX + 3) == ["q"] * BURST_MAX + ["q.bulk"] * 3
    assert subqueues_of(chooser, quiet, 1) == ["q"]


def test_an_account_within_its_share_stays_on_the_queue_for_ever() -> None:
    clock, account = Clock(), new_id()
    chooser = SubqueueChooser(["q"], clock=clock)
    for _ in range(1_000):
        clock.now += 1 / SHARE_PER_SECOND
        assert subqueues_of(chooser, account, 1) == ["q"]


def test_an_account_that_goes_on_over_its_share_has_nothing_on_the_queue() -> None:
    clock, account = Clock(), new_id()
    chooser = SubqueueChooser(["q"], clock=clock)
    subqueues_of(chooser, account, 2 * BURST_MAX)
    for _ in range(1_000):
        clock.now += 0.5 / SHARE_PER_SECOND
        assert subqueues_of(chooser, account, 1) == ["q.bulk"]


def test_an_account_that_is_silent_for_a_while_comes_back_however_much_it_sent() -> None:
    clock, account = Clock(), new_id()
    chooser = SubqueueChooser(["q"], clock=clock)
    subqueues_of(chooser, account, 100 * BURST_MAX)
    clock.now = (LEVEL_MAX - BURST_MAX) / SHARE_PER_SECOND
    assert subqueues_of(chooser, account, 1) == ["q.bulk"]
    clock.now += 2 / SHARE_PER_SECOND
    assert subqueues_of(chooser, account, 1) == ["q"]


def test_a_large_message_of_any_account_goes_by_the_large_subqueue() -> None:
    chooser = SubqueueChooser(["q"], clock=Clock())
    assert chooser.choose(a_message(new_id(), characters=LARGE_BYTES)).queue == "q.large"


def test_a_queue_without_subqueues_takes_everything() -> None:
    chooser, account = SubqueueChooser(["q"], clock=Clock()), new_id()
    sent = [a_message(account, queue="q.bulk", characters=LARGE_BYTES) for _ in range(2 * BURST_MAX)]
    assert [chooser.choose(message) for message in sent] == sent
