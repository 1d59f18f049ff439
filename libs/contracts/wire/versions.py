"""Versions of the messages' data: which this code writes and reads.

A message whose data gains a meaning that older code would misread gets a higher number here. Code that meets a number
above its own leaves the message for a newer process (`outbox.pipeline`): while services are rolled over one at a time,
old and new processes share queues. A field that old code may ignore needs no new number.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FIRST: Final = 1

VERSIONS: Final[Mapping[str, int]] = MappingProxyType({})
"""By the name of a command, event or job; all others have the first version."""


def version_of(name: str) -> int:
    """The version that this code writes and the highest that it reads."""
    return VERSIONS.get(name, FIRST)
