"""SQL on invoices that were moved to another collector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.collections.cases.state import Assigned, Move
from storage.pool import Connection

_ASSIGN: Final = """
INSERT INTO ledger.collected_invoice
SELECT * FROM jsonb_populate_recordset(NULL::ledger.collected_invoice, $1) ORDER BY account_id, sale_id
    ON CONFLICT (account_id, sale_id) DO UPDATE
   SET collector_id = excluded.collector_id, moved_at = excluded.moved_at, starts_manually = excluded.starts_manually
"""


async def assign(conn: Connection, *, invoices: Sequence[Assigned]) -> None:
    """Let invoices belong to these collectors."""
    if invoices:
        await conn.execute(_ASSIGN, list({one.sale_id: one for one in invoices}.values()))


_INSERT_MOVES: Final = """
INSERT INTO ledger.invoice_move SELECT * FROM jsonb_populate_recordset(NULL::ledger.invoice_move, $1)
"""


async def insert_moves(conn: Connection, *, moves: Sequence[Move]) -> None:
    """Note moves of invoices."""
    if moves:
        await conn.execute(_INSERT_MOVES, moves)
