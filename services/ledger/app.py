"""The ledger's parts list: built in order, closed in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from chassis.handle import ServiceHandle
from chassis.parts import open_parts
from contracts.wire.topology import LEDGER_COMMANDS
from ledger import retention
from ledger.collections.cases.scheduler import CaseScheduler
from ledger.collections.promises.scheduler import PromiseScheduler
from ledger.consumer import handle
from ledger.numeric_overflow import refuse_numeric_overflow
from ledger.sales.overdue_scheduler import OverdueScheduler
from ledger.settings import LedgerSettings
from messaging.postgres import LocalNotifier
from templates.renderer import Renderer


@asynccontextmanager
async def open_service(
    settings: LedgerSettings, *, wakeups: LocalNotifier | None = None
) -> AsyncIterator[ServiceHandle]:
    """Open the ledger; when the block ends, running batches are finished within `drain_seconds`."""
    async with open_parts("ledger", settings) as parts:
        pool = await parts.open_database(size_max=settings.ledger_pool_max)
        await retention.keep_days(pool, mail_days=settings.mail_keep_days)
        pipeline = await parts.open_messaging(wakeups=wakeups)
        take = partial(handle, urls=settings.urls)
        overdue = OverdueScheduler(pool, pipeline, take)
        await parts.run(overdue.poller, check="overdue")
        promises = PromiseScheduler(pool, pipeline, take)
        await parts.run(promises.poller, check="promises")
        renderer = Renderer()
        parts.stack.push_async_callback(renderer.stop)
        cases = CaseScheduler(pool, pipeline.relay, settings.urls, renderer=renderer)
        await parts.run(cases.poller, check="collections")
        wake_all = partial(_expect, (overdue.expect, promises.expect, cases.expect))
        expect = {
            "sales": overdue.expect, "promises": promises.expect, "due_clients": cases.expect, "cases": wake_all,
        }  # fmt: skip
        take_commands = refuse_numeric_overflow(pipeline, partial(take, expect=expect))
        await parts.consume(LEDGER_COMMANDS, take_commands, batch_max=settings.ledger_batch_max)
        yield parts.handle


def _expect(schedulers: Sequence[Callable[[datetime], None]], moment: datetime) -> None:
    for expect in schedulers:
        expect(moment)
