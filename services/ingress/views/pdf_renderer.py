"""Render PDFs without blocking requests: a few at once in threads, a bounded number waiting."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import UUID
from weakref import WeakValueDictionary

from ingress.errors import TooManyRequests, Unavailable

AT_ONCE: Final = 2  # so that a document of 5,000 lines does not delay one of five
WAITING_MAX: Final = 256
ACCOUNT_MAX: Final = 32  # of one account; they are rendered one after another, those of others meanwhile


class PdfRenderer:
    """Renders documents; its threads start with the first one."""

    def __init__(self, *, at_once: int = AT_ONCE, waiting_max: int = WAITING_MAX) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="press")
        self._taken_max = at_once + waiting_max
        self._taken = 0
        self._of_account: Counter[UUID | None] = Counter()
        self._turns: WeakValueDictionary[UUID | None, asyncio.Lock] = WeakValueDictionary()

    async def sale(
        self,
        sale: Mapping[str, Any],
        seller: Mapping[str, Any],
        *,
        locale: str,
        account_id: UUID | None = None,
        facturx: bool = False,
    ) -> bytes:
        """The PDF of a sale, as `documents.pdf.render.render_sale` makes it, or `documents.facturx_writer`.

        Raises:
            NotWritable: it cannot be a Factur-X.
            TooManyRequests: too many of this account are waiting already; Unavailable: of all accounts.
        """
        if self._of_account[account_id] >= ACCOUNT_MAX:
            raise TooManyRequests(f"{ACCOUNT_MAX} PDFs of this account are being made; try again")
        if self._taken >= self._taken_max:
            raise Unavailable("too many PDFs are being made; try again")
        self._taken += 1
        self._of_account[account_id] += 1
        turn = self._turns.setdefault(account_id, asyncio.Lock())
        try:
            async with turn:
                return await asyncio.get_running_loop().run_in_executor(
                    self._threads, _render_facturx if facturx else _render, sale, seller, locale
                )
        finally:
            self._taken -= 1
            self._of_account[account_id] -= 1
            if not self._of_account[account_id]:
                del self._of_account[account_id]


def _render(sale: Mapping[str, Any], seller: Mapping[str, Any], locale: str) -> bytes:
    # Here, because it imports reportlab and babel: 17 MB that a process only needs for its first PDF.
    from documents.pdf.render import render_sale  # noqa: PLC0415

    return render_sale(sale, seller, locale=locale)


def _render_facturx(sale: Mapping[str, Any], seller: Mapping[str, Any], locale: str) -> bytes:
    from documents.facturx_writer import write_facturx  # noqa: PLC0415  as above

    return write_facturx(sale, seller, locale=locale)
