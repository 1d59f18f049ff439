"""Batches of large rows are read one at a time for each account, so that many readers never hold the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from ingress.views.batches import BatchReads, Row
from tests.support.eventually import eventually

ONE, OTHER = UUID(int=1), UUID(int=2)


class Database:
    """Counts reads that are under way; each ends when `go` is set."""

    def __init__(self) -> None:
        self.reading = self.most = 0
        self.go = asyncio.Event()

    async def batches(self, number: int) -> AsyncIterator[list[Row]]:
        for index in range(number):
            self.reading += 1
            self.most = max(self.most, self.reading)
            await self.go.wait()
            self.reading -= 1
            yield [{"id": index}]


async def read(reads: BatchReads, account: UUID, database: Database) -> list[Row]:
    return [row async for batch in reads.in_turn(account, database.batches(3)) for row in batch]


async def test_readers_of_one_account_take_turns_and_each_gets_all_its_rows() -> None:
    reads, database = BatchReads(), Database()
    readers = [asyncio.create_task(read(reads, ONE, database)) for _ in range(5)]
    database.go.set()
    assert await asyncio.gather(*readers) == [[{"id": 0}, {"id": 1}, {"id": 2}]] * 5
    assert database.most == 1


async def test_another_account_does_not_wait() -> None:
    reads, slow, quick = BatchReads(), Database(), Database()
    waiting = asyncio.create_task(read(reads, ONE, slow))
    quick.go.set()
    assert len(await read(reads, OTHER, quick)) == 3
    slow.go.set()
    await waiting


async def test_a_reader_that_goes_away_lets_the_next_one_read() -> None:
    reads, database = BatchReads(), Database()
    gone = asyncio.create_task(read(reads, ONE, database))
    await eventually(lambda: database.reading == 1)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    database.go.set()
    assert len(await read(reads, ONE, database)) == 3
