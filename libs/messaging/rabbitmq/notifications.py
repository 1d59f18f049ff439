"""Encode notifications: several small bodies in one message, each with its length before it."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final

JOINED_BYTES_MAX: Final = 64 * 1024
_LENGTH: Final = struct.Struct(">I")


def notification_queue(channel: str) -> str:
    """Return the queue of a channel's notifications."""
    return f"hint.{channel}"


def join_bodies(bodies: Sequence[bytes]) -> Iterator[bytes]:
    """Join bodies into as few messages as the bound allows; a bigger body goes alone."""
    parts: list[bytes] = []
    size = 0
    for body in bodies:
        if parts and size + len(body) > JOINED_BYTES_MAX:
            yield b"".join(parts)
            parts, size = [], 0
        parts += (_LENGTH.pack(len(body)), body)
        size += _LENGTH.size + len(body)
    if parts:
        yield b"".join(parts)


def split_bodies(joined: bytes) -> Iterator[bytes]:
    """Split what `join_bodies` made; a truncated end is left out."""
    position = 0
    while position + _LENGTH.size <= len(joined):
        (length,) = _LENGTH.unpack_from(joined, position)
        position += _LENGTH.size
        if position + length > len(joined):
            return
        yield joined[position : position + length]
        position += length
