"""A started service as the lifecycle and the health endpoints see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Check = Callable[[], "Awaitable[str | None] | str | None"]
"""Returns None when all is well, else a sentence that says what is wrong."""


@dataclass(slots=True)
class ServiceHandle:
    """A started service: the checks of `/readyz`, and where it answers."""

    name: str
    checks: dict[str, Check] = field(default_factory=dict)
    url: str | None = None  # the public address of a service that has one
