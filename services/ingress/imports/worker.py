"""Send imports to the ledger: one chunk of lines after another, each a command, each counted by its result.

A chunk's command id is derived from the import's: sent again after a crash, it changes nothing more. Only one chunk of
an account is in progress at a time, so that a file does not delay other commands.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
import structlog

from contracts.primitives.ids import derive_id
from contracts.resources.imports import ImportBatchResult
from contracts.wire.commands import IMPORT_LINES, queue_of
from contracts.wire.envelope import Envelope
from ingress.acceptance.outcomes import Outcome
from ingress.acceptance.result_waiter import CommandResultWaiter
from ingress.errors import TooManyRequests
from ingress.imports import store
from ingress.imports.store import Import
from messaging.port import Outgoing
from outbox.relay import Relay
from scheduling.worker import LeasedWorker, LeaseLost
from storage.pool import Pool

log = structlog.get_logger(__name__)

AT_ONCE_MAX: Final = 2
TURN_CHUNKS: Final = 5  # then the next account's import is served: a quarter of a second of the ledger's time
READING_PER_ACCOUNT_MAX: Final = 20  # files that are being read or wait for it; each holds up to 20 MiB of disk
LEASE_SECONDS: Final = 30.0  # renewed with each chunk, and while one is waited for
PAUSE_SECONDS: Final = 1.0
LOOK_PAUSE_SECONDS: Final = 0.2
_BAD: Final = 400


@dataclass(slots=True)
class _Turn:
    """An account's lock for reading files: one at a time, so that only its own files wait."""

    lock: asyncio.Lock
    reading: asyncio.Semaphore
    places: int = 0

    async def __aenter__(self) -> None:
        await self.lock.acquire()
        try:
            await self.reading.acquire()
        except BaseException:
            self.lock.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self.reading.release()
        self.lock.release()


class Importer:
    """Processes imports, a few at a time. One per process; any number of processes."""

    def __init__(self, pool: Pool, relay: Relay, answers: CommandResultWaiter) -> None:
        self._pool, self._relay, self._answers = pool, relay, answers
        self._moved = asyncio.Condition()
        self.worker: Final = LeasedWorker(
            "imports",
            pool,
            store.IMPORTS,
            claim=self._claim,
            handle=self._bring_in,
            at_once_max=AT_ONCE_MAX,
            lease_seconds=LEASE_SECONDS,
            sweep_seconds=PAUSE_SECONDS,
        )
        self.wake: Final = self.worker.wake
        self._reading = asyncio.Semaphore(AT_ONCE_MAX)
        self._turns: dict[UUID, _Turn] = {}

    @asynccontextmanager
    async def place(self, account_id: UUID) -> AsyncIterator[_Turn]:
        """Reserve one of an account's slots for reading a file.

        Raises:
            TooManyRequests: all of the account's slots are in use.
        """
        turn = self._turns.setdefault(account_id, _Turn(asyncio.Lock(), self._reading))
        if turn.places == READING_PER_ACCOUNT_MAX:
            raise TooManyRequests(
                f"{READING_PER_ACCOUNT_MAX} files of this account are being read already: try again when one is done"
            )
        turn.places += 1
        try:
            yield turn
        finally:
            turn.places -= 1
            if not turn.places:
                del self._turns[account_id]

    async def finished(self, account_id: UUID, import_id: UUID, *, seconds: float) -> Import | None:
        """The import once it is finished, or when the time is over; None: there is none."""
        ends = time.monotonic() + seconds
        while True:
            found = await store.find(self._pool, account_id=account_id, identifier=import_id)
            left = ends - time.monotonic()
            if found is None or found.state != "running" or left <= 0:
                return found
            async with self._moved:
                # Another process may be working on it: poll.
                await _within(self._moved.wait(), min(left, PAUSE_SECONDS))

    async def _claim(self, room: int) -> list[Import]:
        return await store.claim(self._pool, imports_max=room, lease_seconds=LEASE_SECONDS)

    async def _bring_in(self, claimed: Import) -> None:
        """Send a part of an import's remaining chunks, unless another process takes over."""
        log.debug("import_resumed", account_id=str(claimed.account_id), import_id=str(claimed.id))
        account_id, import_id = claimed.account_id, claimed.id
        for _ in range(TURN_CHUNKS):
            chunk = await store.next_chunk(self._pool, account_id=account_id, import_id=import_id)
            if chunk is None:
                return
            number, body = chunk
            outcome = await self._taken(claimed, number, orjson.loads(body))
            counts = _counts(outcome, body)
            await store.count(self._pool, account_id=account_id, import_id=import_id, number=number, **counts)
            async with self._moved:
                self._moved.notify_all()
        await store.IMPORTS.release(self._pool, [claimed.lease])  # behind waiting imports of other accounts

    async def _taken(self, claimed: Import, number: int, data: dict[str, Any]) -> Outcome:
        """Send a chunk's command, if this worker still holds the import, and wait for its result."""
        command = Envelope(
            id=derive_id(claimed.id, f"lines-{number}"),
            name=IMPORT_LINES,
            account_id=claimed.account_id,
            correlation_id=claimed.id,
            causation_id=claimed.id,
            reply_to=self._answers.channel,
            data=data,
        )
        with self._answers.expect(command.account_id, command.id, IMPORT_LINES) as waiter:
            await self._send(claimed, command)
            while (outcome := await self._answers.wait(waiter, look_now=True)) is None:
                await asyncio.sleep(LOOK_PAUSE_SECONDS)  # no waiter may be added any more: return at once
                if not self.worker.holds(claimed.lease):
                    raise LeaseLost
            return outcome

    async def _send(self, claimed: Import, command: Envelope) -> None:
        message = Outgoing(command.id, queue_of(IMPORT_LINES).name, command.encode())
        async with self._pool.acquire() as conn, conn.transaction():
            if not await store.IMPORTS.renew(conn, [claimed.lease], lease_seconds=LEASE_SECONDS):
                raise LeaseLost
            await conn.execute(
                "INSERT INTO ingress.outbox (id, queue, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                message.id, message.queue, message.body,
            )  # fmt: skip
        self._relay.push([message])


def _counts(outcome: Outcome, body: bytes) -> dict[str, Any]:
    """The counts of a chunk. One that was refused as a whole is counted line by line: a bug of ours, but reported."""
    if outcome.status < _BAD:
        return ImportBatchResult.model_validate_json(outcome.body).model_dump(mode="json")
    data, outcome_body = orjson.loads(body), orjson.loads(outcome.body)
    lines = [one["line"] for one in data.get("clients") or data.get("products") or ()]
    message = str(outcome_body.get("detail") or outcome_body.get("title") or "was refused")
    faults = [{"line": line, "path": "", "message": message} for line in lines]
    progress = {"refused": len(lines), "aborted": data["on_error"] == "abort", "faults": faults}
    return dict.fromkeys(("created", "updated", "unchanged"), 0) | progress


async def _within(waiting: Any, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await waiting
    except TimeoutError:
        pass
