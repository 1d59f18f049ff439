"""Look at one account's books as they are stored, for comparison with `reference_books`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

_ROWS_THAT_STAY = """
SELECT 'sale' || id AS what, md5(s::text) AS print FROM ledger.sale s WHERE account_id = $1 AND issued_at IS NOT NULL
UNION ALL SELECT 'entry' || id, md5(e::text) FROM ledger.entry e WHERE account_id = $1
UNION ALL SELECT 'posting' || entry_id || line, md5(p::text) FROM ledger.posting p WHERE account_id = $1
UNION ALL SELECT 'settlement' || id, md5(x::text) FROM ledger.settlement x WHERE account_id = $1
UNION ALL SELECT 'refund' || id, md5(r::text) FROM ledger.refund r WHERE account_id = $1
UNION ALL SELECT 'event' || event_id, md5(v::text) FROM ledger.document_event v WHERE account_id = $1
"""

_ROWS_THAT_MOVE = """
SELECT 'standing' || sale_id AS what, md5(t::text) AS print FROM ledger.sale_state t WHERE account_id = $1
UNION ALL SELECT 'draft' || id, md5(s::text) FROM ledger.sale s WHERE account_id = $1 AND issued_at IS NULL
UNION ALL SELECT 'payment' || id, md5(p::text) FROM ledger.payment p WHERE account_id = $1
UNION ALL SELECT 'balance' || client_id || currency, md5(b::text) FROM ledger.client_balance b WHERE account_id = $1
UNION ALL SELECT 'counter' || series || period, md5(n::text) FROM ledger.number_counter n WHERE account_id = $1
"""

_POSTED = """
SELECT p.ledger_account, p.client_id, p.document_id, sum(p.amount_minor)::bigint AS minor
  FROM ledger.posting p WHERE p.account_id = $1 GROUP BY 1, 2, 3 HAVING sum(p.amount_minor) <> 0
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is stored of one account."""

    stays: dict[str, str]
    moves: dict[str, str]
    posted: dict[tuple[str, str, str], int]  # by ledger account, client, document
    unbalanced: int
    mirrored_twice: int
    balances: dict[str, tuple[int, int]]  # receivable and unapplied by client
    sales: dict[str, dict[str, Any]]
    payments: dict[str, dict[str, Any]]
    numbers: Counter[str]  # how many of each kind are numbered
    gaps: int
    history: dict[str, str]  # the status of each thing that its events lead to
    breaks: int  # events whose status before is not the one that the event before led to
    noted: list[UUID]  # the events noted, in order

    def by_account(self) -> dict[str, int]:
        """The journal's accounts."""
        found: Counter[str] = Counter()
        for (account, _, _), minor in self.posted.items():
            found[account] += minor
        return {account: minor for account, minor in found.items() if minor}


async def look(conn: asyncpg.Connection[asyncpg.Record], account_id: UUID) -> Seen:
    """Read everything of an account in one snapshot."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        history, breaks, noted = await _history(conn, account_id)
        posted = await conn.fetch(_POSTED, account_id)
        numbered = await conn.fetch(
            "SELECT sale_type, count(*) AS held, max(counter) AS top FROM ledger.sale"
            " WHERE account_id = $1 AND number IS NOT NULL GROUP BY 1",
            account_id,
        )
        return Seen(
            stays=await _prints(conn, _ROWS_THAT_STAY, account_id),
            moves=await _prints(conn, _ROWS_THAT_MOVE, account_id),
            posted={
                (row["ledger_account"], str(row["client_id"]), str(row["document_id"])): row["minor"] for row in posted
            },
            unbalanced=await conn.fetchval(
                "SELECT count(*) FROM (SELECT FROM ledger.posting WHERE account_id = $1 GROUP BY entry_id, currency"
                " HAVING sum(amount_minor) <> 0) x",
                account_id,
            ),
            mirrored_twice=await conn.fetchval(
                "SELECT count(*) FROM (SELECT FROM ledger.entry WHERE account_id = $1 AND reversal_of IS NOT NULL"
                " GROUP BY reversal_of HAVING count(*) > 1) x",
                account_id,
            ),
            balances={
                str(row["client_id"]): (row["receivable_minor"], row["unapplied_minor"])
                for row in await conn.fetch("SELECT * FROM ledger.client_balance WHERE account_id = $1", account_id)
            },
            sales=await _things(conn, "sale", account_id),
            payments=await _things(conn, "payment", account_id),
            numbers=Counter({row["sale_type"]: row["held"] for row in numbered}),
            gaps=sum(row["top"] - row["held"] for row in numbered),
            history=history,
            breaks=breaks,
            noted=noted,
        )


async def _prints(conn: asyncpg.Connection[asyncpg.Record], query: str, account_id: UUID) -> dict[str, str]:
    return {row["what"]: row["print"] for row in await conn.fetch(query, account_id)}


async def _things(conn: asyncpg.Connection[asyncpg.Record], view: str, account_id: UUID) -> dict[str, dict[str, Any]]:
    rows = await conn.fetch(f"SELECT * FROM ledger_api.{view} WHERE account_id = $1", account_id)  # noqa: S608
    return {str(row["id"]): dict(row) for row in rows}


async def _history(
    conn: asyncpg.Connection[asyncpg.Record], account_id: UUID
) -> tuple[dict[str, str], int, list[UUID]]:
    statuses: dict[str, str] = {}
    breaks, noted = 0, []
    rows = await conn.fetch("SELECT * FROM ledger.document_event WHERE account_id = $1 ORDER BY event_id", account_id)
    for row in rows:
        key = str(row["document_id"])
        breaks += statuses.get(key) != row["status_before"]
        statuses[key] = row["status_after"]
        noted.append(row["event_id"])
    return {key: status for key, status in statuses.items() if status != "deleted"}, breaks, noted
