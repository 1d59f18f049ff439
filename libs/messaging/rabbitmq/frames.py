"""Write publishes as the bytes of AMQP 0-9-1, a whole batch at a time: the hot half of the publisher.

Bytes only; `underlay.py` sends them. All but publishes and acknowledgements goes through aio-pika, whose general
encoder costs several times as much per message. Layout: AMQP 0-9-1 specification, sections 2.3.5 and 4.2.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Final

_FRAME_HEAD: Final = struct.Struct(">BHI")  # type, channel, size
_FRAME_END: Final = b"\xce"
_METHOD, _HEADER, _BODY = 1, 2, 3
_BASIC_PUBLISH: Final = struct.pack(">HHH", 60, 40, 0)  # class, method, reserved
_CONTENT: Final = struct.Struct(">HHQH")  # class, weight, body size, property flags
_HAS_HEADERS, _HAS_DELIVERY_MODE, _HAS_MESSAGE_ID, _HAS_TIMESTAMP = 0x2000, 0x1000, 0x0080, 0x0040
_FLAGS: Final = _HAS_HEADERS | _HAS_DELIVERY_MODE | _HAS_MESSAGE_ID | _HAS_TIMESTAMP
_TRANSIENT, _PERSISTENT = b"\x01", b"\x02"
_MANDATORY: Final = 0b01

STABLE_ID_HEADER: Final = "lw-id"
_STABLE_ID_KEY: Final = b"\x05lw-idS"
QUEUE_NAME_BYTES_MAX: Final = 255


@lru_cache(maxsize=256)
def _publish_method(channel: int, queue: str, flags: int) -> bytes:
    name = queue.encode()
    payload = _BASIC_PUBLISH + b"\x00" + bytes((len(name),)) + name + bytes((flags,))  # exchange "" is the default one
    return _FRAME_HEAD.pack(_METHOD, channel, len(payload)) + payload + _FRAME_END


def encode_publish(
    channel: int, queue: str, body: bytes, *, message_id: bytes, stable_id: bytes, at: int, frame_body_max: int
) -> bytes:
    """A persistent, mandatory publish to a queue; `at` is in Unix seconds, both ids are ASCII of at most 255 bytes."""
    table = _STABLE_ID_KEY + len(stable_id).to_bytes(4) + stable_id
    properties = (
        len(table).to_bytes(4) + table + _PERSISTENT + bytes((len(message_id),)) + message_id + at.to_bytes(8)
    )  # fmt: skip
    return (
        _publish_method(channel, queue, _MANDATORY)
        + _content_header(channel, len(body), _FLAGS, properties)
        + _content_body(channel, body, frame_body_max)
    )


def encode_notification(channel: int, queue: str, body: bytes, *, frame_body_max: int) -> bytes:
    """An unconfirmed publish that may be lost; it is dropped when the queue does not exist."""
    return (
        _publish_method(channel, queue, 0)
        + _content_header(channel, len(body), _HAS_DELIVERY_MODE, _TRANSIENT)
        + _content_body(channel, body, frame_body_max)
    )


def encode_acks(channel: int, up_to: int | None, singles: list[int]) -> bytes:
    """One acknowledgement of all up to a delivery tag, and one for each single tag."""
    acks = [_ack(channel, up_to, multiple=True)] if up_to is not None else []
    acks.extend(_ack(channel, tag, multiple=False) for tag in singles)
    return b"".join(acks)


_ACK: Final = struct.Struct(">BHIHHQBB")


def _ack(channel: int, tag: int, *, multiple: bool) -> bytes:
    return _ACK.pack(_METHOD, channel, 13, 60, 80, tag, multiple, _FRAME_END[0])


def _content_header(channel: int, body_bytes: int, flags: int, properties: bytes) -> bytes:
    payload = _CONTENT.pack(60, 0, body_bytes, flags) + properties
    return _FRAME_HEAD.pack(_HEADER, channel, len(payload)) + payload + _FRAME_END


def _content_body(channel: int, body: bytes, frame_body_max: int) -> bytes:
    if len(body) <= frame_body_max:
        return _FRAME_HEAD.pack(_BODY, channel, len(body)) + body + _FRAME_END if body else b""
    parts = (body[start : start + frame_body_max] for start in range(0, len(body), frame_body_max))
    return b"".join(_FRAME_HEAD.pack(_BODY, channel, len(part)) + part + _FRAME_END for part in parts)
