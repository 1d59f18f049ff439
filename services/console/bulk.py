"""One action on many rows of a list: each is done or refused by itself, and the page shows which."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from console import faults
from console.api_client import Pending, Problem
from console.forms import KEY_FIELD
from console.i18n import N_
from console.listing import ROWS, Bulk, Listing
from console.templating import fill
from console.visit import Handler, Visit

AT_ONCE: Final = 4  # rows that are changed side by side
_UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row; `item` is empty where it is not there any more."""

    id: str
    item: Mapping[str, Any]
    state: str
    reason: str = ""


def of(listing: Listing) -> Handler:
    """The handler of a list's bulk actions."""

    async def handle(visit: Visit) -> web.StreamResponse:
        form = await visit.read_form()
        ids = list(dict.fromkeys(form.get("id", "").split()))[:ROWS]
        chosen = next((one for one in listing.bulk if one.name == form.get("do")), None)
        if chosen is None or not ids:
            return visit.go(listing.path, visit.text(N_("Tick some rows first.")), failed=True)
        gate, key = asyncio.Semaphore(AT_ONCE), form.get(KEY_FIELD) or visit.new_key()

        async def each(row_id: str) -> Outcome:
            async with gate:
                return await _act(visit, listing, chosen, row_id, f"{key}-{row_id}")

        outcomes = await asyncio.gather(*(each(one) for one in ids))
        done = sum(one.state == "done" for one in outcomes)
        return visit.render("bulk_done.html", listing=listing, chosen=chosen, outcomes=outcomes, done=done)

    return handle


async def _act(visit: Visit, listing: Listing, chosen: Bulk, row_id: str, key: str) -> Outcome:
    """Change one row.

    Raises:
        Problem: the session has ended.
    """
    item: Mapping[str, Any] = {}
    try:
        item = await visit.api.get(fill(f"{listing.api_path}/{{id}}", {"id": row_id}))
        headers = {"Idempotency-Key": key} if chosen.method == "POST" else {}
        await visit.api.send(chosen.method, fill(chosen.api, {"id": row_id}), body=chosen.body, headers=headers)
    except Pending:
        return Outcome(row_id, item, "pending")
    except Problem as problem:
        if problem.status == _UNAUTHORIZED:
            raise
        reason = "; ".join(faults.sentence_of(one, visit.text, visit.locale) for one in problem.field_errors)
        return Outcome(row_id, item, "refused", reason)
    return Outcome(row_id, item, "done")
