"""Insert accepted requests: one statement for a group, and a detailed one for a single request.

The group statement inserts only requests with a new key and document and returns them; it is one implicit transaction.
The rest is handled one by one in `accept_one`, which covers every case, also a request whose first try may have been
committed before its connection broke.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from storage.pool import Connection


@dataclass(frozen=True, slots=True)
class Key:
    """An Idempotency-Key: `scope` is "" for the API, else a channel's id; the hash is of the request's content."""

    scope: str
    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """The deduplication keys of an inbox message: 32 bytes each for (supplier, reference) and for its content.

    `reference` is the same over all channels of the account: a message under one that is known elsewhere is stored and
    flagged, whatever its content.
    """

    lineage_id: UUID
    identity: bytes
    content: bytes
    reference: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """Committed. `duplicate_of` is the first message under the same reference when its content was another."""

    id: UUID
    duplicate_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """The same request was accepted before under the same key; `answer` when no result row has it."""

    command_id: UUID
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class KeyTaken:
    """The key belongs to another request."""


@dataclass(frozen=True, slots=True)
class DuplicateMessage:
    """The document is in the inbox already."""

    message_id: UUID


Verdict = Accepted | Replayed | KeyTaken | DuplicateMessage


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A request to accept.

    `id` is its request's, operation's and command's. `body` makes the command's envelope, given the message that this
    one is a variant of; `answer` makes the response to a replay of the key, for commands whose callers do not wait for
    a result. `credential_id` is the presented credential: secrets in the result are shown to it only.
    """

    id: UUID
    account_id: UUID
    command: str
    method: str
    path: str
    queue: str
    body: Callable[[UUID | None], bytes]
    subject_id: UUID | None = None
    credential_id: UUID | None = None
    key: Key | None = None
    document: Document | None = None
    answer: Callable[[Accepted | DuplicateMessage], bytes] | None = None


# Rows are inserted in the order of their keys so that two groups never wait for one another. A row that has both a key
# and a document may insert its key and then find its document known: the caller deletes that key. What identifies a
# reference over all channels is stored under the account's own id and inserted first: without it nothing more is
# written.
_ACCEPT_MANY: Final = """
WITH given AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::bytea[],
        $9::text[], $10::text[], $11::bytea[], $12::bytea[], $13::uuid[], $14::bytea[], $15::bytea[], $16::bytea[],
        $17::uuid[])
      AS g (id, account_id, command, method, path, subject_id, queue, body,
            scope, key, request_hash, answer, stem, identity, content, reference, credential_id)
), keyed AS (
    INSERT INTO ingress.idempotency (account_id, scope, key, request_hash, command_id, answer)
    SELECT account_id, scope, key, request_hash, id, answer FROM given WHERE key IS NOT NULL
     ORDER BY account_id, scope, key
    ON CONFLICT DO NOTHING RETURNING command_id
), unclaimed AS (
    INSERT INTO ingress.message_dedup_key (account_id, stem, identity, content, message_id)
    SELECT account_id, account_id, reference, content, id FROM given
     WHERE identity IS NOT NULL AND (key IS NULL OR id IN (SELECT command_id FROM keyed))
     ORDER BY account_id, reference
    ON CONFLICT DO NOTHING RETURNING message_id
), known AS (
    INSERT INTO ingress.message_dedup_key (account_id, stem, identity, content, message_id)
    SELECT account_id, stem, identity, content, id FROM given
     WHERE id IN (SELECT message_id FROM unclaimed)
     ORDER BY account_id, stem, identity
    ON CONFLICT DO NOTHING RETURNING message_id
), fresh AS (
    SELECT * FROM given
     WHERE (key IS NULL OR id IN (SELECT command_id FROM keyed))
       AND (identity IS NULL OR id IN (SELECT message_id FROM known))
), operations AS (
    INSERT INTO ingress.operation (account_id, id, command, method, path, subject_id, credential_id)
    SELECT account_id, id, command, method, path, subject_id, credential_id FROM fresh
    ON CONFLICT DO NOTHING
), outgoing AS (
    INSERT INTO ingress.outbox (id, queue, body) SELECT id, queue, body FROM fresh ON CONFLICT DO NOTHING
)
SELECT id FROM fresh
"""

# Nothing but operations and their messages: what most API calls and every retry of them are.
_ACCEPT_PLAIN: Final = """
WITH given AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::bytea[],
        $9::uuid[])
      AS g (id, account_id, command, method, path, subject_id, queue, body, credential_id)
), operations AS (
    INSERT INTO ingress.operation (account_id, id, command, method, path, subject_id, credential_id)
    SELECT account_id, id, command, method, path, subject_id, credential_id FROM given
    ON CONFLICT DO NOTHING
)
INSERT INTO ingress.outbox (id, queue, body) SELECT id, queue, body FROM given ON CONFLICT DO NOTHING
"""


async def accept_many(conn: Connection, group: Sequence[tuple[Acceptance, bytes]]) -> set[UUID]:
    """Accept the new ones, each with its encoded envelope; return their ids.

    Needs an open transaction when a request of the group has a key and a document.
    """
    if all(one.key is None and one.document is None for one, _ in group):
        await conn.execute(_ACCEPT_PLAIN, *_plain_columns(group), [one.credential_id for one, _ in group])
        return {one.id for one, _ in group}
    keys = [one.key for one, _ in group]
    documents = [one.document for one, _ in group]
    rows = await conn.fetch(
        _ACCEPT_MANY,
        *_plain_columns(group),
        *_columns(keys, "scope", "key", "request_hash"),
        [one.answer(Accepted(one.id)) if one.key and one.answer else None for one, _ in group],
        *_columns(documents, "lineage_id", "identity", "content", "reference"),
        [one.credential_id for one, _ in group],
    )
    fresh = {row["id"] for row in rows}
    partial = [one for one, _ in group if one.key and one.document and one.id not in fresh]
    if partial:
        await _take_keys_back(conn, partial)
    return fresh


def _plain_columns(group: Sequence[tuple[Acceptance, bytes]]) -> list[list[Any]]:
    return [
        *([getattr(one, name) for one, _ in group] for name in ("id", "account_id", "command", "method", "path")),
        [one.subject_id for one, _ in group],
        [one.queue for one, _ in group],
        [body for _, body in group],
    ]


def _columns(records: Sequence[Any], *names: str) -> list[list[Any]]:
    return [[None if record is None else attrgetter(name)(record) for record in records] for name in names]


async def _take_keys_back(conn: Connection, partial: Sequence[Acceptance]) -> None:
    keys = [one.key for one in partial if one.key]
    await conn.execute(
        "DELETE FROM ingress.idempotency i USING unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])"
        " AS g (command_id, account_id, scope, key)"
        " WHERE i.account_id = g.account_id AND i.scope = g.scope AND i.key = g.key AND i.command_id = g.command_id",
        [one.id for one in partial],
        [one.account_id for one in partial],
        *_columns(keys, "scope", "key"),
    )


async def accept_one(conn: Connection, one: Acceptance) -> Verdict:
    """Accept a request whatever was there before, inside the caller's transaction."""
    if one.key is not None:
        earlier = await claim_key(conn, account_id=one.account_id, key=one.key, command_id=one.id)
        if earlier is not None:
            return earlier
    verdict = await _claim_document(conn, one, one.document) if one.document else Accepted(one.id)
    if isinstance(verdict, Accepted):
        body = one.body(verdict.duplicate_of)
        await conn.execute(_ACCEPT_PLAIN, *_plain_columns([(one, body)]), [one.credential_id])
    if one.key is not None and one.answer is not None:
        await keep_answer(conn, account_id=one.account_id, key=one.key, answer=one.answer(verdict))
    return verdict


async def claim_key(conn: Connection, *, account_id: UUID, key: Key, command_id: UUID) -> Replayed | KeyTaken | None:
    """Insert a key for a command; None when it is ours now, or was already. Waits for a concurrent holder's commit."""
    await conn.execute(
        "INSERT INTO ingress.idempotency (account_id, scope, key, request_hash, command_id) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT DO NOTHING",
        account_id, key.scope, key.key, key.request_hash, command_id,
    )  # fmt: skip
    row = await conn.fetchrow(
        "SELECT command_id, request_hash, answer FROM ingress.idempotency"
        " WHERE account_id = $1 AND scope = $2 AND key = $3",
        account_id, key.scope, key.key,
    )  # fmt: skip
    if row is None or row["command_id"] == command_id:
        return None
    if row["request_hash"] != key.request_hash:
        return KeyTaken()
    return Replayed(row["command_id"], row["answer"])


async def keep_answer(conn: Connection, *, account_id: UUID, key: Key, answer: bytes) -> None:
    """Store the response to replays of the key."""
    await conn.execute(
        "UPDATE ingress.idempotency SET answer = $4 WHERE account_id = $1 AND scope = $2 AND key = $3",
        account_id, key.scope, key.key, answer,
    )  # fmt: skip


async def _claim_document(conn: Connection, one: Acceptance, document: Document) -> Accepted | DuplicateMessage:
    # In the order of `_ACCEPT_MANY`, so that neither waits for the other in a circle.
    _, anywhere = await _claim_identity(conn, one, one.account_id, document.reference)
    content, first = await _claim_identity(conn, one, document.lineage_id, document.identity)
    if first == one.id:
        return Accepted(one.id, None if anywhere == one.id else anywhere)
    if content == document.content:
        return DuplicateMessage(first)
    place = (one.account_id, document.lineage_id, document.identity)
    await conn.execute(
        "INSERT INTO ingress.message_variant (account_id, stem, identity, content, message_id)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        *place, document.content, one.id,
    )  # fmt: skip
    variant = await conn.fetchval(
        "SELECT message_id FROM ingress.message_variant"
        " WHERE account_id = $1 AND stem = $2 AND identity = $3 AND content = $4",
        *place, document.content,
    )  # fmt: skip
    if variant != one.id:
        return DuplicateMessage(variant)
    return Accepted(one.id, first if anywhere == one.id else anywhere)


async def _claim_identity(conn: Connection, one: Acceptance, lineage_id: UUID, identity: bytes) -> tuple[bytes, UUID]:
    """Claim an identity unless it is there: the content and the id of the message that has it."""
    document = one.document
    assert document is not None  # noqa: S101  only requests with a document come here
    await conn.execute(
        "INSERT INTO ingress.message_dedup_key (account_id, stem, identity, content, message_id)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        one.account_id, lineage_id, identity, document.content, one.id,
    )  # fmt: skip
    row = await conn.fetchrow(
        "SELECT content, message_id FROM ingress.message_dedup_key"
        " WHERE account_id = $1 AND stem = $2 AND identity = $3",
        one.account_id, lineage_id, identity,
    )  # fmt: skip
    assert row is not None  # noqa: S101  inserted just now, or there before; nothing deletes these
    return row["content"], row["message_id"]


async def find_documents(conn: Connection, group: Sequence[Acceptance]) -> dict[UUID, UUID]:
    """For those whose very content is there already: the id of the message that has it, by the request's id."""
    documents = [one.document for one in group]
    rows = await conn.fetch(
        "SELECT g.id, coalesce(f.message_id, v.message_id) AS message_id"
        " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[], $5::bytea[])"
        "   AS g (id, account_id, stem, identity, content)"
        " LEFT JOIN ingress.message_dedup_key f USING (account_id, stem, identity, content)"
        " LEFT JOIN ingress.message_variant v USING (account_id, stem, identity, content)"
        " WHERE coalesce(f.message_id, v.message_id) IS NOT NULL",
        [one.id for one in group],
        [one.account_id for one in group],
        *_columns(documents, "lineage_id", "identity", "content"),
    )
    return {row["id"]: row["message_id"] for row in rows}


async def purge_keys(conn: Connection, *, older_than_hours: int, limit: int) -> int:
    """Delete expired keys, a bounded number; return how many."""
    status = await conn.execute(
        "DELETE FROM ingress.idempotency WHERE (account_id, scope, key) IN ("
        " SELECT account_id, scope, key FROM ingress.idempotency"
        " WHERE created_at < now() - make_interval(hours => $1) ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        older_than_hours, limit,
    )  # fmt: skip
    return int(status.split()[-1])
