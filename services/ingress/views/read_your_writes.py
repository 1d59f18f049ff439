"""Read-your-writes for inbox lists: a read waits until the ledger has the messages accepted before it.

A push is accepted when it is committed here; the ledger has it some milliseconds later. Bounded: when the ledger is
behind, a read shows the current state.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final
from uuid import UUID

from contracts.wire.commands import RECEIVE_INBOX_MESSAGE
from ingress.http.context import Api
from ingress.http.route import Request

RECENT_SECONDS: Final = 3.0
WAIT_SECONDS_MAX: Final = 1.0
POLL_SECONDS: Final = 0.015
PENDING_MAX: Final = 500

_PENDING: Final = """
    SELECT o.id FROM ingress.operation o
     WHERE o.account_id = $1 AND o.id >= $2 AND o.command = $3
       AND NOT EXISTS (SELECT FROM ledger_api.inbox_message m WHERE m.account_id = o.account_id AND m.id = o.id)
     LIMIT $4
"""
_MISSING: Final = """
    SELECT id FROM unnest($2::uuid[]) AS t (id)
    EXCEPT SELECT id FROM ledger_api.inbox_message WHERE account_id = $1 AND id = ANY($2)
"""


async def wait_until_visible(api: Api, call: Request) -> None:
    """Wait, for a second at most, until the ledger has the messages accepted before this request."""
    ends = time.monotonic() + WAIT_SECONDS_MAX
    since = UUID(int=int((time.time() - RECENT_SECONDS) * 1000) << 80)
    rows = await api.pool.fetch(_PENDING, call.account_id, since, RECEIVE_INBOX_MESSAGE, PENDING_MAX)
    while rows and time.monotonic() < ends:
        await asyncio.sleep(POLL_SECONDS)
        rows = await api.pool.fetch(_MISSING, call.account_id, [row["id"] for row in rows])
