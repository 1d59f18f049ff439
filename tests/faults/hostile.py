"""Peers that misbehave: receivers whose answers are hostile, senders that drip, and a long read in the database."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import asyncpg

from tests.support.eventually import eventually

SCHEMAS: Final = ("ingress", "ledger", "dispatch", "execution")
READ_SECONDS: Final = 6.0  # maintenance gives up waiting for a lock after a second or two, and tries again
DRIP_SECONDS: Final = 5.0
SLOW_SENDERS: Final = 40
ENDLESS_SECONDS: Final = 20.0  # longer than the run's timeout of an attempt
_OK: Final = b"HTTP/1.1 200 OK\r\n"

ANSWERS: Final[tuple[bytes, ...]] = (
    b"HTTP/1.1 200 \xff\xfe\r\nX-Odd: \xc3\x28\r\nContent-Length: 2\r\n\r\n\xff\xfe",
    _OK + b"Content-Type: application/json\r\nContent-Length: 4000\r\n\r\n" + b"[" * 4000,
    _OK + b"Content-Length: 99999999999999999999\r\n\r\nshort",
    _OK + b"Content-Length: -1\r\n\r\n",
    _OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nnot a chunk\r\n",
    _OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    _OK + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip.",
    _OK + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\n",
    _OK + b"Content-Type: text/plain; charset=utf-99\r\nContent-Length: 3\r\n\r\na\x00b",
    b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
    b"\x00\x01\x02 not HTTP at all\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 503 Busy\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 308 Permanent Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    b"",
)
ENDLESS: Final = _OK + b"Transfer-Encoding: chunked\r\n\r\n"


class HostileReceiver:
    """Give each request the next hostile answer of a shuffled round; every second round one that never ends."""

    def __init__(self, chance: random.Random) -> None:
        rounds = [*ANSWERS, ENDLESS]
        chance.shuffle(rounds)
        self._answers = itertools.cycle(rounds)
        self.answered = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection and close it."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await reader.readuntil(b"\r\n\r\n")
            self.answered += 1
            answer = next(self._answers)
            writer.write(answer)
            await writer.drain()
            if answer == ENDLESS:
                await self._go_on(writer)
        writer.close()

    async def _go_on(self, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENDLESS_SECONDS):
                while not writer.is_closing():
                    writer.write(b"4\r\nmore\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.05)


@asynccontextmanager
async def hostile_receiver(chance: random.Random) -> AsyncIterator[tuple[HostileReceiver, int]]:
    """Serve a hostile receiver on loopback: it and its port."""
    receiver = HostileReceiver(chance)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    try:
        yield receiver, int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def drip(port: int, path: str, chance: random.Random) -> bool:
    """Open many uploads to one channel that arrive a byte at a time and never end; whether all were begun."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\nContent-Length: 1000000\r\n\r\n"

    async def one() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode())
            ends = asyncio.get_running_loop().time() + DRIP_SECONDS
            while asyncio.get_running_loop().time() < ends and not writer.is_closing():
                writer.write(b"<")
                await writer.drain()
                await asyncio.sleep(chance.uniform(0.1, 0.4))
            writer.close()
        except OSError:
            return True  # it was turned away: as it should be
        return True

    return all(await asyncio.gather(*(one() for _ in range(SLOW_SENDERS))))


async def maintain_during_a_read(dsn: str) -> bool:
    """Let maintenance of every schema meet a long read of its tables; whether each made its partition afterwards."""
    owner, reader = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    try:
        for schema in SCHEMAS:
            await _drop_last_partition(owner, schema)
        tables = ", ".join(f"{schema}.outcome" for schema in SCHEMAS)
        async with reader.transaction():
            await reader.execute(f"LOCK TABLE {tables} IN ACCESS SHARE MODE")
            ends = asyncio.get_running_loop().time() + READ_SECONDS
            while asyncio.get_running_loop().time() < ends:
                for schema in SCHEMAS:
                    await owner.fetchval(f"SELECT {schema}.maintain_partitions()")
        for schema in SCHEMAS:
            await eventually(partial(_is_maintained, owner, schema), deadline_seconds=20)
    finally:
        await owner.close()
        await reader.close()
    return True


async def _is_maintained(owner: asyncpg.Connection[asyncpg.Record], schema: str) -> bool:
    return await owner.fetchval(f"SELECT {schema}.maintain_partitions()") is None


async def _drop_last_partition(owner: asyncpg.Connection[asyncpg.Record], schema: str) -> None:
    part = await owner.fetchval(
        "SELECT max(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = $1::regclass"
        " AND inhrelid::regclass::text ~ '_2[0-9]+'",
        f"{schema}.outcome",
    )
    assert part is not None
    for _ in range(20):
        try:
            async with owner.transaction():
                await owner.execute("SET LOCAL lock_timeout = '500ms'")
                await owner.execute(f"DROP TABLE {part}")
        except asyncpg.LockNotAvailableError:
            continue
        return
    raise AssertionError(f"{part} could not be dropped")
