"""Our bytes, read by the library's own decoder."""

from __future__ import annotations

from typing import Any

import pamqp.frame
import pytest

from messaging.rabbitmq.frames import encode_acks, encode_notification, encode_publish

BODY_MAX = 131_064


def decode(data: bytes) -> list[tuple[int, Any]]:
    frames = []
    while data:
        size, channel, frame = pamqp.frame.unmarshal(data)
        frames.append((channel, frame))
        data = data[size:]
    return frames


def a_publish(body: bytes, queue: str = "ledger.commands") -> bytes:
    return encode_publish(
        7, queue, body, message_id=b"ab-1", stable_id=b"0190", at=1_790_000_000, frame_body_max=BODY_MAX
    )


def test_a_publish_is_persistent_mandatory_and_carries_both_ids() -> None:
    (_, method), (_, header), (channel, body) = decode(a_publish(b"hello"))
    assert channel == 7
    assert (method.name, method.exchange, method.routing_key) == ("Basic.Publish", "", "ledger.commands")
    assert (method.mandatory, method.immediate) == (True, False)
    assert (header.properties.delivery_mode, header.properties.message_id) == (2, "ab-1")
    assert header.properties.headers == {"lw-id": "0190"}
    assert header.properties.timestamp.timestamp() == 1_790_000_000
    assert (header.body_size, body.value) == (5, b"hello")


@pytest.mark.parametrize(("size", "frames"), [(0, 0), (1, 1), (BODY_MAX, 1), (BODY_MAX + 1, 2), (3 * BODY_MAX, 3)])
def test_a_body_is_split_at_the_size_that_was_agreed(size: int, frames: int) -> None:
    _, (_, header), *bodies = decode(a_publish(b"x" * size))
    assert header.body_size == size
    assert len(bodies) == frames
    assert b"".join(body.value for _, body in bodies) == b"x" * size


def test_a_queue_may_be_named_in_any_alphabet() -> None:
    (_, method), *_ = decode(a_publish(b"x", queue="rēķini.ελ"))
    assert method.routing_key == "rēķini.ελ"


def test_a_hint_is_neither_kept_nor_returned() -> None:
    (_, method), (_, header), (_, body) = decode(encode_notification(3, "hint.x", b"id", frame_body_max=BODY_MAX))
    assert (method.routing_key, method.mandatory, header.properties.delivery_mode) == ("hint.x", False, 1)
    assert body.value == b"id"


def test_acknowledgements_are_one_for_many_and_one_for_each() -> None:
    frames = decode(encode_acks(5, 100, [103, 2**40]))
    assert [(frame.name, frame.delivery_tag, frame.multiple) for _, frame in frames] == [
        ("Basic.Ack", 100, True),
        ("Basic.Ack", 103, False),
        ("Basic.Ack", 2**40, False),
    ]
    assert {channel for channel, _ in frames} == {5}
    assert encode_acks(5, None, []) == b""
