"""Bound the memory that the bodies of all requests in hand may take, however many and however large they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web

from ingress.errors import Unavailable

BYTES_MAX: Final = 128 * 1024 * 1024


class Budget:
    """Counts the bytes that requests in hand have announced, or may send where they announce nothing."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._held = 0

    @contextmanager
    def hold(self, request: web.Request, *, bytes_max: int) -> Iterator[None]:
        """Hold a request's bytes as long as the block runs; it may send `bytes_max` at most.

        Raises:
            Unavailable: too much is in hand already.
        """
        announced = request.content_length
        size = 0 if not request.can_read_body else bytes_max if announced is None else min(announced, bytes_max)
        if self._held and self._held + size > self._bytes_max:
            raise Unavailable("too many large bodies are in hand; try again", headers={"Retry-After": "1"})
        self._held += size
        try:
            yield
        finally:
            self._held -= size
