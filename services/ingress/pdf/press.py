"""Where PDFs are made without holding up requests: a few at once in threads, a bounded number waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from ingress.errors import Unavailable

AT_ONCE: Final = 2  # so that a document of 5,000 lines does not hold back the one of five
WAITING_MAX: Final = 64


class Press:
    """Renders documents; its threads start with the first one."""

    def __init__(self, *, at_once: int = AT_ONCE, waiting_max: int = WAITING_MAX) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="press")
        self._taken_max = at_once + waiting_max
        self._taken = 0

    async def sale(self, sale: Mapping[str, Any], seller: Mapping[str, Any], *, locale: str) -> bytes:
        """The PDF of a sale, as `ingress.pdf.render.render_sale` makes it.

        Raises:
            Unavailable: too many are waiting already.
        """
        if self._taken >= self._taken_max:
            raise Unavailable("too many PDFs are being made; try again")
        self._taken += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, _render, sale, seller, locale)
        finally:
            self._taken -= 1


def _render(sale: Mapping[str, Any], seller: Mapping[str, Any], locale: str) -> bytes:
    # Here, because it brings reportlab and babel: 17 MB that a process only needs once somebody asks for a PDF.
    from ingress.pdf.render import render_sale  # noqa: PLC0415

    return render_sale(sale, seller, locale=locale)
