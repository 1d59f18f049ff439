"""Read collection cases by amount or age, their timelines, and what a preview of a message needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, cast
from uuid import UUID

from ingress.views.batches import Row
from ingress.views.queries import CASES
from storage.pool import Pool

ENTRIES_MAX: Final = 200  # of a timeline, of steps and of other entries each: years of a case
LISTED_MAX: Final = 51  # one more than a message lists

CURSORS: Final[Mapping[str, tuple[type, type]]] = MappingProxyType({"amount": (int, UUID), "age": (dt.date, UUID)})
_PLACES: Final = MappingProxyType({
    "amount": ("(open_minor, id) < (?::bigint, ?::uuid)", "open_minor DESC, id DESC"),
    "age": ("(due_order, id) > (?::date, ?::uuid)", "due_order, id"),
})  # fmt: skip


async def cases(
    pool: Pool,
    *,
    account_id: UUID,
    sort: Literal["amount", "age"],
    after: tuple[Any, ...] | None,
    limit: int,
    filters: Mapping[str, Any],
) -> list[Row]:
    """Cases after a place, at most `limit`; those that are settled only where they are asked for."""
    place, order = _PLACES[sort]
    conditions = [] if filters.get("state") else ["state <> 'settled'"]
    values: list[Any] = [account_id, limit]
    for name, value in filters.items():
        if value is not None:
            values.append(value)
            conditions.append(CASES.filters[name].replace("?", f"${len(values)}"))
    if after is not None:
        for one in after:
            values.append(one)
            place = place.replace("?", f"${len(values)}", 1)
        conditions.append(place)
    rows = await pool.fetch(f"{CASES.select(*conditions)} ORDER BY {order} LIMIT $2", *values)
    return cast("list[Row]", rows)


# Few were removed, and of these few have cases left: with one id alone, an index gives the order.
_STANDS_FOR: Final = """
SELECT l.id FROM ledger_api.collector l,
       (SELECT coalesce(min(replaced_by::text)::uuid, $2) AS id FROM ledger_api.collector
         WHERE account_id = $1 AND id = $2) w
 WHERE l.account_id = $1
   AND (l.id = w.id OR l.replaced_by = w.id AND EXISTS (
        SELECT FROM ledger_api.collection_case c
         WHERE c.account_id = $1 AND c.collector_id = l.id AND c.state <> 'settled'))
"""


async def collectors_of(pool: Pool, *, account_id: UUID, collector_id: UUID) -> dict[str, Any]:
    """The filter for open cases in a collector, or in what replaces it; those of the ones that it replaces are too."""
    found = [row["id"] for row in await pool.fetch(_STANDS_FOR, account_id, collector_id)]
    return {"collector_id": found[0]} if len(found) == 1 else {"collector_ids": found}


_BY_STATE: Final = """
SELECT state, currency, count(*) AS cases, sum(open_minor)::bigint AS open_minor,
       sum(overdue_minor)::bigint AS overdue_minor
  FROM ledger_api.collection_case WHERE account_id = $1 AND state <> 'settled'
 GROUP BY state, currency ORDER BY state, currency
"""


async def by_state(pool: Pool, *, account_id: UUID) -> list[Row]:
    """How many cases are in each state, and what is open of them, by currency."""
    return cast("list[Row]", await pool.fetch(_BY_STATE, account_id))


_PHONES: Final = "SELECT id, phone FROM ledger_api.client WHERE account_id = $1 AND id = ANY($2::uuid[])"


async def phones(pool: Pool, *, account_id: UUID, ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """The phone numbers of clients."""
    rows = await pool.fetch(_PHONES, account_id, list(ids))
    return {row["id"]: row["phone"] for row in rows}


_STEPS: Final = """
SELECT * FROM ledger_api.collection_step WHERE account_id = $1 AND case_id = $2 ORDER BY at DESC, step DESC LIMIT $3
"""
_ENTRIES: Final = """
SELECT * FROM ledger_api.collection_entry WHERE account_id = $1 AND case_id = $2 ORDER BY id DESC LIMIT $3
"""


async def timeline(pool: Pool, *, account_id: UUID, case_id: UUID) -> tuple[Sequence[Row], Sequence[Row]]:
    """The steps of a case and its other entries, newest first."""
    steps = await pool.fetch(_STEPS, account_id, case_id, ENTRIES_MAX)
    entries = await pool.fetch(_ENTRIES, account_id, case_id, ENTRIES_MAX)
    return cast("list[Row]", steps), cast("list[Row]", entries)


_VERSIONS: Final = """
SELECT * FROM ledger_api.collector_version
 WHERE account_id = $1 AND collector_id = $2 AND version < coalesce($3::bigint, 2147483647)
 ORDER BY version DESC LIMIT $4
"""


async def collector_versions(
    pool: Pool, *, account_id: UUID, collector_id: UUID, before: int | None, limit: int
) -> list[Row]:
    """The versions of a collector, newest first."""
    return cast("list[Row]", await pool.fetch(_VERSIONS, account_id, collector_id, before, limit))


async def has_collectors(pool: Pool, *, account_id: UUID) -> bool:
    """Whether the account has its collectors."""
    there = "SELECT EXISTS (SELECT FROM ledger_api.collector WHERE account_id = $1)"
    return bool(await pool.fetchval(there, account_id))


async def client_of_sale(pool: Pool, *, account_id: UUID, sale_id: UUID) -> UUID | None:
    """Whose invoice it is."""
    found: UUID | None = await pool.fetchval(
        "SELECT client_id FROM ledger_api.sale WHERE account_id = $1 AND id = $2 AND settlement IS NOT NULL",
        account_id,
        sale_id,
    )
    return found


_OPEN_INVOICES: Final = """
SELECT s.number, s.document_date, s.date_due, s.currency, s.total_minor, s.amount_due_minor AS open_minor,
       d.id IS NOT NULL AS disputed
  FROM ledger_api.sale s
  JOIN ingress.account a ON a.account_id = s.account_id
  LEFT JOIN ledger_api.dispute d ON d.account_id = s.account_id AND d.sale_id = s.id AND d.state = 'open'
 WHERE s.account_id = $1 AND s.client_id = $2 AND ($3::uuid[] IS NULL OR s.id = ANY($3)) AND s.status = 'issued'
   AND s.settlement IN ('unpaid', 'partial') AND s.amount_due_minor > 0
   AND (d.id IS NULL OR $5 AND a.collections->>'disputed_invoices' = 'mark')
 ORDER BY disputed, s.date_due, s.id LIMIT $4
"""


async def open_invoices(
    pool: Pool, *, account_id: UUID, client_id: UUID, sale_ids: Sequence[UUID] | None, says_disputed: bool
) -> Sequence[Row]:
    """The open invoices that a message to a client is about: all, or those of `sale_ids`.

    Disputed ones come last, where the account wants them marked and the text `says_disputed`.
    """
    rows = await pool.fetch(_OPEN_INVOICES, account_id, client_id, sale_ids, LISTED_MAX, says_disputed)
    return cast("list[Row]", rows)


async def account(pool: Pool, *, account_id: UUID) -> Row:
    """What an account's messages say of it, and its date."""
    row = await pool.fetchrow(
        "SELECT name, locale, currency, profile, (now() AT TIME ZONE time_zone)::date AS today"
        " FROM ingress.account WHERE account_id = $1",
        account_id,
    )
    assert row is not None  # noqa: S101  its credential was checked
    return cast("Row", row)
