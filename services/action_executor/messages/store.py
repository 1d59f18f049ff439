"""Keep hand-overs in Postgres: inserted once, leased when due, settled under the lease's epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from action_executor.messages.models import HandOverResult, PendingHandOver, SendingAccount
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import SendMessageJob
from scheduling.leases import LeaseTable
from storage.pool import Connection, Pool

HAND_OVERS: Final = LeaseTable("execution.hand_over")

_INSERT: Final = """
INSERT INTO execution.hand_over (account_id, id, message_id, correlation_id, channel, job)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::jsonb[]) ON CONFLICT DO NOTHING
"""


async def insert(conn: Connection, jobs: Sequence[tuple[Envelope, SendMessageJob]]) -> None:
    """Insert hand-overs, due now."""
    await conn.execute(
        _INSERT,
        [envelope.account_id for envelope, _ in jobs],
        [envelope.id for envelope, _ in jobs],
        [job.message_id for _, job in jobs],
        [envelope.correlation_id for envelope, _ in jobs],
        [job.channel for _, job in jobs],
        [job.model_dump(mode="json") for _, job in jobs],
    )


_ERASE_SOURCES: Final = """
DELETE FROM execution.mail_source s
 USING unnest($1::uuid[], $2::uuid[]) AS w (account_id, client_id)
  JOIN ledger_api.message m ON m.account_id = w.account_id AND m.client_id = w.client_id
 WHERE s.account_id = m.account_id AND s.message_id = m.id
"""
_ERASE_HAND_OVERS: Final = """
DELETE FROM execution.hand_over h
 USING unnest($1::uuid[], $2::uuid[]) AS w (account_id, client_id)
  JOIN ledger_api.message m ON m.account_id = w.account_id AND m.client_id = w.client_id
 WHERE h.account_id = m.account_id AND h.message_id = m.id AND h.finished_at IS NOT NULL
"""


async def erase(conn: Connection, *, clients: Sequence[tuple[UUID, UUID]]) -> None:
    """Delete the mails that went to these clients (account, client), and finished hand-overs, which have their text."""
    columns = [account_id for account_id, _ in clients], [client_id for _, client_id in clients]
    await conn.execute(_ERASE_SOURCES, *columns)
    await conn.execute(_ERASE_HAND_OVERS, *columns)


# The accounts with something due come one after the other, each found by one step in the index; of one account few at
# once, the longest due first. So a run of 100,000 reminders neither holds up the others nor is read to find them.
_PICK: Final = """
WITH RECURSIVE turn AS (
    (SELECT account_id, 1 AS n FROM execution.hand_over
      WHERE due_at <= now() AND account_id > $2::uuid ORDER BY account_id, due_at LIMIT 1)
    UNION ALL
    SELECT next.account_id, t.n + 1 FROM turn t CROSS JOIN LATERAL (
        SELECT account_id FROM execution.hand_over
         WHERE due_at <= now() AND account_id > t.account_id ORDER BY account_id, due_at LIMIT 1) next
     WHERE t.n < $3 + cardinality($4::uuid[])
)
SELECT due.account_id, due.id
  FROM turn t
  LEFT JOIN unnest($4::uuid[], $5::int[]) AS hand (account_id, many) ON hand.account_id = t.account_id
 CROSS JOIN LATERAL (
    SELECT h.account_id, h.id FROM execution.hand_over h
     WHERE h.account_id = t.account_id AND h.due_at <= now() ORDER BY h.due_at
     LIMIT greatest($6::int - coalesce(hand.many, 0), 0) FOR UPDATE SKIP LOCKED) due
 LIMIT $3
"""
NO_ACCOUNT: Final = UUID(int=0)  # before all


async def claim(
    pool: Pool,
    *,
    after: UUID,
    in_hand: Mapping[UUID, int],
    of_account_max: int,
    hand_overs_max: int,
    lease_seconds: float,
) -> list[PendingHandOver]:
    """Lease due ones of the accounts `after` this one, so many of an account with those `in_hand`."""
    rows = await HAND_OVERS.claim(
        pool,
        pick=_PICK,
        args=[after, hand_overs_max, list(in_hand), list(in_hand.values()), of_account_max],
        columns=("correlation_id", "job", "tries", "begun"),
        lease_seconds=lease_seconds,
    )
    return [
        PendingHandOver(
            account_id=row["account_id"],
            id=row["id"],
            correlation_id=row["correlation_id"],
            job=SendMessageJob.model_validate(row["job"]),
            attempts=row["tries"],
            begun=row["begun"],
            lost_workers=row["lost_workers"],
            epoch=row["lease_epoch"],
        )
        for row in rows
    ]


_BEGIN: Final = """
UPDATE execution.hand_over h SET begun = true, tries = h.tries + 1
 WHERE h.account_id = $1 AND h.id = $2 AND h.lease_epoch = $3 AND h.leased
   AND ($4 OR EXISTS (SELECT 1 FROM ledger_api.message m
                       WHERE m.account_id = h.account_id AND m.id = h.message_id AND m.state = 'requested'))
RETURNING h.tries
"""


async def begin(pool: Pool, hand_over: PendingHandOver) -> int | None:
    """Note that it is handed over now, if it still may go; gives the number of this try, None where it may not."""
    is_own = hand_over.job.origin != "ledger"  # the ledger knows nothing of it
    attempts: int | None = await pool.fetchval(_BEGIN, hand_over.account_id, hand_over.id, hand_over.epoch, is_own)
    return attempts


_SETTLE: Final = """
UPDATE execution.hand_over
   SET state = $4, detail = $5, provider_id = $6, due_at = now() + make_interval(secs => $7::float8),
       begun = false, leased = false, lost_workers = 0, finished_at = CASE WHEN $4 <> 'pending' THEN now() END
 WHERE account_id = $1 AND id = $2 AND lease_epoch = $3 AND leased
RETURNING id
"""


async def save_result(conn: Connection, hand_over: PendingHandOver, result: HandOverResult) -> bool:
    """Write down what became of a try; False when another worker has it by now and nothing changed."""
    values: list[Any] = [result.state, _storable(result.detail), _storable(result.provider_id), result.due_in]
    return await conn.fetchval(_SETTLE, hand_over.account_id, hand_over.id, hand_over.epoch, *values) is not None


_KEEP_SOURCE: Final = """
INSERT INTO execution.mail_source (account_id, message_id, source) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""


async def keep_source(conn: Connection, *, account_id: UUID, message_id: UUID, source: bytes) -> None:
    """Keep a mail as it went."""
    await conn.execute(_KEEP_SOURCE, account_id, message_id, source)


def _storable(text: str | None) -> str | None:
    """Without U+0000, which Postgres cannot keep."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if text else text


_SALE: Final = "SELECT * FROM ledger_api.sale WHERE account_id = $1 AND id = $2"
_INVOICE_NUMBER: Final = "SELECT number FROM ledger_api.sale WHERE account_id = $1 AND id = $2"
_ACCOUNT: Final = "SELECT name, locale, profile FROM ingress_api.account WHERE account_id = $1"
_LOGO: Final = "SELECT content FROM ingress_api.account_logo WHERE account_id = $1"


async def find_sale(pool: Pool, *, account_id: UUID, sale_id: UUID) -> dict[str, Any] | None:
    """A sale as the ledger publishes it, with `invoice_number` of the invoice that a credit note corrects."""
    row = await pool.fetchrow(_SALE, account_id, sale_id)
    if row is None:
        return None
    corrects = row.get("invoice_id")
    number = await pool.fetchval(_INVOICE_NUMBER, account_id, corrects) if corrects else None
    return dict(row) | {"invoice_number": number}


_CLIENT: Final = "SELECT * FROM ledger_api.client WHERE account_id = $1 AND id = $2"
INVOICES_MAX: Final = 500  # of a statement: ten pages
_OPEN_INVOICES: Final = """
SELECT s.number, s.document_date, s.date_due, s.currency, s.total_minor, s.amount_due_minor, s.overdue,
       d.id IS NOT NULL AS disputed
  FROM ledger_api.sale s
  JOIN ingress_api.account a ON a.account_id = s.account_id
  LEFT JOIN ledger_api.dispute d ON d.account_id = s.account_id AND d.sale_id = s.id AND d.state = 'open'
 WHERE s.account_id = $1 AND s.client_id = $2 AND s.status = 'issued' AND s.settlement IN ('unpaid', 'partial')
   AND s.amount_due_minor > 0 AND (d.id IS NULL OR a.collections->>'disputed_invoices' = 'mark')
 ORDER BY s.date_due, s.id LIMIT $3
"""
_TODAY: Final = "SELECT (now() AT TIME ZONE time_zone)::date FROM ingress_api.account WHERE account_id = $1"


async def find_client(pool: Pool, *, account_id: UUID, client_id: UUID) -> dict[str, Any] | None:
    """A client as the ledger publishes it."""
    row = await pool.fetchrow(_CLIENT, account_id, client_id)
    return dict(row) if row else None


async def open_invoices(pool: Pool, *, account_id: UUID, client_id: UUID) -> list[dict[str, Any]]:
    """A client's open invoices, the longest due first; disputed ones where the account wants them marked."""
    return [dict(row) for row in await pool.fetch(_OPEN_INVOICES, account_id, client_id, INVOICES_MAX)]


async def today(pool: Pool, *, account_id: UUID) -> date:
    """The account's date."""
    day: date = await pool.fetchval(_TODAY, account_id)
    return day


async def find_account(pool: Pool, *, account_id: UUID) -> SendingAccount:
    """The account that sends.

    Raises:
        LookupError: it is gone.
    """
    row = await pool.fetchrow(_ACCOUNT, account_id)
    if row is None:
        raise LookupError(f"there is no account {account_id}")
    return SendingAccount(account_id, row["name"], row["locale"], row["profile"])


async def find_logo(pool: Pool, *, account_id: UUID) -> bytes | None:
    """The picture on the account's documents."""
    logo: bytes | None = await pool.fetchval(_LOGO, account_id)
    return logo
