"""Read the views that other services publish: one row by its id, or a page, newest first.

A view is declared once with the conditions that filters add; each condition is a constant with `?` where its value
goes, so that every combination is one prepared statement that uses its own index.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import UUID

from ingress.views.batches import BATCH_BYTES, Row, in_batches, sized
from storage.pool import Pool

HIGHEST_ID: Final = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class View:
    """A published view with `account_id` and `id`: its columns and filters, all constants.

    `words` is the text that a `query` searches, as in the ledger's trigram index. A view without such an index names in
    `beyond` which of its older rows a `query` finds: a condition on `?`, the text.
    """

    name: str
    columns: str = "*"
    always: str = ""
    words: str = ""
    beyond: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)

    def select(self, *conditions: str, columns: str = "") -> str:
        """The statement for rows of account `$1` for which all of these hold."""
        also = (self.always, *conditions)
        chosen = f"SELECT {columns or self.columns} FROM {self.name} WHERE account_id = $1"  # noqa: S608  constants
        return " AND ".join([chosen, *filter(None, also)])


CLIENTS = View(
    "ledger_api.client",
    words="ledger_api.words(name, email, reg_number, vat_number)",
    filters={
        "archived": "(archived_at IS NOT NULL) = ?",
        "external_id": "external_id = ?",
        "email": "lower(email) = lower(?)",
        "reg_number": "reg_number = ?",
    },
)
PRODUCTS = View(
    "ledger_api.product",
    words="ledger_api.words(code, name, barcode, external_id)",
    filters={
        "archived": "(archived_at IS NOT NULL) = ?",
        "external_id": "external_id = ?",
        "code": "code = ?",
    },
)
SUPPLIERS = View(
    "ledger_api.supplier",
    words="ledger_api.words(name, reg_number, tax_number, email)",
    filters={
        "reg_number": "reg_number = ?",
    },
)
SALES = View(
    "ledger_api.sale",
    words="ledger_api.words(number, external_id, client ->> 'name', client ->> 'email')",
    # Each way to a document by an index of its own: together in one condition they would read every document. Few of
    # the clients that contain a text.
    beyond="id = ANY(ARRAY("
    "SELECT s.id FROM ledger_api.sale s WHERE s.account_id = $1 AND s.number = upper(?)"
    " UNION ALL SELECT s.id FROM ledger_api.sale s WHERE s.account_id = $1 AND s.external_id = ?"
    " UNION ALL SELECT s.id FROM (SELECT c.id FROM ledger_api.client c"
    " WHERE c.account_id = $1 AND ledger_api.pieces(c.account_id, ledger_api.words(c.name, c.email, c.reg_number,"
    " c.vat_number)) @> ledger_api.pieces($1, ?) AND strpos(lower(ledger_api.words(c.name, c.email, NULL, NULL)),"
    " lower(?)) > 0 LIMIT 1000) c JOIN ledger_api.sale s ON s.account_id = $1 AND s.client_id = c.id))",
    filters={
        "from_": "document_date >= ?",
        "to": "document_date <= ?",
        "sale_type": "sale_type = ?",
        "status": "status = ?",
        "client_id": "client_id = ?",
        "settlement": "settlement = ?",
        "late": "late = ?",
        "overdue": "overdue = ?",
        "invoice_id": "invoice_id = ?",
        "external_id": "external_id = ?",
        "number": "number = ?",
    },
)
MESSAGES = View(
    "ledger_api.message",
    filters={
        "client_id": "client_id = ?",
        "sale_id": "sale_ids @> ARRAY[?::uuid]",
        "direction": "direction = ?",
        "channel": "channel = ?",
        "state": "state = ?",
        "unmatched": "(client_id IS NULL) = ?",
        "needs_response": "(needs_response AND resolved_at IS NULL) = ?",
    },
)
NOTES = View(
    "ledger_api.note",
    filters={
        "client_id": "client_id = ?",
        "sale_id": "sale_id = ?",
        "kind": "kind = ?",
        "needs_response": "(needs_response AND resolved_at IS NULL) = ?",
    },
)
DISPUTES = View(
    "ledger_api.dispute", filters={"client_id": "client_id = ?", "sale_id": "sale_id = ?", "state": "state = ?"}
)
CALLS = View("ledger_api.call", filters={"client_id": "client_id = ?", "outcome": "outcome = ?"})
PROMISES = View(
    "ledger_api.promise",
    filters={"client_id": "client_id = ?", "sale_id": "sale_ids @> ARRAY[?::uuid]", "state": "state = ?"},
)
ACTIVITY = View("ledger_api.activity", filters={"client_id": "client_id = ?", "kind": "kind = ?"})
COLLECTORS = View("ledger_api.collector", always="deleted_at IS NULL")
CASES = View(
    "ledger_api.collection_case",
    filters={
        "state": "state = ?",
        "collector_id": "collector_id = ?",
        "collector_ids": "collector_id = ANY(?::uuid[])",
        "client_id": "client_id = ?",
        "next_channel": "next_channel = ?",
        "min_minor": "open_minor >= ?",
        "query": "(strpos(lower(client_name), lower(?)) > 0 OR strpos(lower(client_email), lower(?)) > 0)",
    },
)
PAYMENTS = View(
    "ledger_api.payment",
    filters={"client_id": "client_id = ?", "status": "status = ?", "external_id": "external_id = ?"},
)
INBOX_MESSAGES = View(
    "ledger_api.inbox_message",
    filters={
        "box": "box = ?",
        "state": "state = ?",
        "document_ref": "document_ref = ?",
        "sender": "lower(sender) = lower(?)",
        "client_id": "box = 'sales' AND result ->> 'client_id' = ?::uuid::text",
    },
)
INBOX_FILE = View("ledger_api.inbox_message", columns="id, file, attachments", filters={"box": "box = ?"})
INBOX_RAW = View("ledger_api.inbox_raw", filters={"box": "box = ?"})
INBOX_RULES = View("ledger_api.inbox_rule", filters={"box": "box = ?"})
BILLS = View(
    "ledger_api.bill",
    filters={"supplier_id": "supplier_id = ?", "document_ref": "document_ref = ?", "message_id": "message_id = ?"},
)
HOOKS = View(
    "dispatch_api.hook",
    columns="id, target_url, triggers, filters, ordered, rate_per_second, concurrency, name, state, reason, created_by,"
    " created_at, updated_at",
    always="state <> 'removed'",
    filters={
        "target_url": "target_url = ?",
        "trigger": "triggers @> ARRAY[?]",
        "created_by": "created_by ->> 'id' = ?",
    },
)
AUTOMATIONS = View("dispatch_api.automation")
DELIVERIES = View(
    "execution_api.delivery",
    filters={"hook_id": "hook_id = ?", "event_id": "event_id = ?", "state": "state = ?"},
)
RUN = View("execution_api.run")
# A page does not carry the events that started its runs.
RUNS = View(
    "execution_api.run",
    columns="id, automation_id, version, event_id, trigger, state, step_no, due_at, error, replays, created_at,"
    " finished_at",
    filters={"automation_id": "automation_id = ?", "event_id": "event_id = ?", "state": "state = ?"},
)

RECENT_MAX = 1_000  # a few milliseconds
PIECE_BYTES = 3


async def find(pool: Pool, view: View, *, account_id: UUID, identifier: UUID, **requested: Any) -> Row | None:
    """One row by its id, when the filters `asked` for hold as well."""
    conditions, values = _conditions(
        view, {name: value for name, value in requested.items() if value is not None}, first=3
    )
    row = await pool.fetchrow(view.select("id = $2", *conditions), account_id, identifier, *values)
    return cast("Row | None", row)  # a record is a mapping in all but its type


async def newest(
    pool: Pool, view: View, *, account_id: UUID, before: UUID | None, limit: int, **requested: Any
) -> list[Row]:
    """All of `batches` at once: for a `limit` or rows that are small."""
    found = batches(pool, view, account_id=account_id, before=before, limit=limit, **requested)
    return [row async for batch in found for row in batch]


async def batches(
    pool: Pool, view: View, *, account_id: UUID, before: UUID | None, limit: int, **requested: Any
) -> AsyncIterator[list[Row]]:
    """Yield rows by id, newest first, at most `limit` from below `before`, in batches of bounded size.

    A filter of None is ignored; `query` is a text anywhere in the view's `words`, case-insensitive.
    """
    given = await _found_first(pool, view, requested, account_id=account_id, before=before, limit=limit)
    conditions, values = _conditions(view, given, first=5)
    statement = sized(view.select("id < $4", *conditions), order="id DESC")

    async def read(last: Row | None, rows_max: int) -> list[Row]:
        place = before if last is None else last["id"]
        rows = await pool.fetch(statement, account_id, rows_max, BATCH_BYTES, place or HIGHEST_ID, *values)
        return cast("list[Row]", rows)

    async for batch in in_batches(read, limit):
        yield batch


async def newest_ids(
    pool: Pool, view: View, *, account_id: UUID, before: UUID | None, limit: int, **requested: Any
) -> list[UUID]:
    """The ids that `batches` would return, without reading the rows."""
    given = await _found_first(pool, view, requested, account_id=account_id, before=before, limit=limit)
    conditions, values = _conditions(view, given, first=4)
    statement = f"{view.select('id < $3', *conditions, columns='id')} ORDER BY id DESC LIMIT $2"
    rows = await pool.fetch(statement, account_id, limit, before or HIGHEST_ID, *values)
    return [row["id"] for row in rows]


async def _found_first(
    pool: Pool, view: View, requested: Mapping[str, Any], *, account_id: UUID, before: UUID | None, limit: int
) -> dict[str, Any]:
    """The filters that were sent, a `query` replaced by the ids that it finds."""
    given = {name: value for name, value in requested.items() if value is not None}
    if (text := given.pop("query", None)) is None:
        return given
    return {"id": await _containing(pool, view, text, given, account_id=account_id, before=before, limit=limit)}


async def _containing(
    pool: Pool, view: View, text: str, given: Mapping[str, Any], *, account_id: UUID, before: UUID | None, limit: int
) -> list[UUID]:
    """The ids of the newest `$2` rows that contain a text.

    A frequent text is found among the newest rows, a rare one through the trigram index: either way alone could read
    everything. A text shorter than a trigram is searched from the newest on.
    """
    conditions, filters = _conditions(view, given, first=4)
    conditions.append("id < $3")
    values = [account_id, limit, before or HIGHEST_ID, *filters]
    wanted = f"${len(values) + 1}"
    recent = view.select(*conditions, columns=f"id, {view.words} AS words")
    looked = await pool.fetchrow(
        f"SELECT array_agg(id ORDER BY id DESC) FILTER (WHERE strpos(lower(words), lower({wanted})) > 0) AS ids,"  # noqa: S608
        f" count(*) AS looked, $2::bigint AS asked FROM ({recent} ORDER BY id DESC LIMIT {RECENT_MAX}) recent",
        *values,
        text,
    )
    assert looked is not None  # noqa: S101  an aggregate has a row
    ids = looked["ids"] or []
    if len(ids) >= limit or looked["looked"] < RECENT_MAX:
        return list(ids[:limit])
    holds = f"strpos(lower({view.words}), lower({wanted})) > 0"
    if view.beyond:
        older = view.beyond.replace("?", wanted)
        rows = await pool.fetch(
            f"{view.select(*conditions, older, columns='id')} ORDER BY id DESC LIMIT $2", *values, text
        )
        found = sorted({*ids, *(row["id"] for row in rows)}, reverse=True)
        return found[:limit]
    if len(text.lower().encode("utf-8", "replace")) < PIECE_BYTES:
        rows = await pool.fetch(
            f"{view.select(*conditions, holds, columns='id')} ORDER BY id DESC LIMIT $2", *values, text
        )
    else:
        pieces = f"ledger_api.pieces(account_id, {view.words}) @> ledger_api.pieces($1, {wanted})"
        hits = view.select(*conditions, pieces, holds, columns="id")
        rows = await pool.fetch(
            f"WITH hits AS MATERIALIZED ({hits}) SELECT id FROM hits ORDER BY id DESC LIMIT $2",  # noqa: S608
            *values,
            text,
        )
    return [row["id"] for row in rows]


def _conditions(view: View, given: Mapping[str, Any], *, first: int) -> tuple[list[str], list[Any]]:
    numbered = enumerate(given, start=first)
    filters = {"id": "id = ANY(?)", **view.filters}
    return [filters[name].replace("?", f"${number}") for number, name in numbered], list(given.values())


async def usage(pool: Pool, *, account_id: UUID) -> dict[str, int]:
    """The usage of each quota of a plan; absent before the first use."""
    rows = await pool.fetch("SELECT quota, used FROM ledger_api.usage WHERE account_id = $1", account_id)
    return {row["quota"]: row["used"] for row in rows}


@dataclass(frozen=True, slots=True)
class MadeBy:
    """How many existing hooks and automations a credential created."""

    hooks: int
    automations: int


_COUNT_MADE_BY: Final = """
SELECT (SELECT count(*) FROM dispatch_api.hook
         WHERE account_id = $1 AND state <> 'removed' AND created_by ->> 'id' = $2),
       (SELECT count(*) FROM dispatch_api.automation WHERE account_id = $1 AND created_by ->> 'id' = $2)
"""


async def count_made_by(pool: Pool, *, account_id: UUID, credential_id: UUID) -> MadeBy:
    """Count what a credential created."""
    row = await pool.fetchrow(_COUNT_MADE_BY, account_id, str(credential_id))
    return MadeBy(*row) if row else MadeBy(0, 0)


async def overdue_unmarked(pool: Pool, *, account_id: UUID) -> list[UUID]:
    """The invoices that just became overdue: the ledger's scheduler has not marked them yet."""
    return cast("list[UUID]", await pool.fetchval("SELECT ledger_api.overdue_unmarked($1)", account_id))
