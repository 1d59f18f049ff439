"""Reminders while processes are killed: each step once, no mail and no event twice.

On both buses, with two ledgers, over a real SMTP server.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from ledger.verify.run import verify
from tests.support.caller import Caller
from tests.support.debts import a_mail, a_next_mail, collector, debtor, mails_so_far, shown
from tests.support.eventually import eventually
from tests.support.installation import Installation, ServiceProcess, installation
from tests.support.machine import free_port
from tests.support.smtp_server import SmtpServer, TakenMail, smtp_server

pytestmark = pytest.mark.long

CLIENTS: Final = 12
RECOVERY_SECONDS: Final = 150.0  # two leases of a killed scheduler, on a busy machine


@asynccontextmanager
async def two_ledgers(
    dsn: str, amqp: str | None, folder: Path, mail_server: SmtpServer
) -> AsyncIterator[tuple[Installation, Caller]]:
    """All services, and one more ledger; an account of theirs."""
    async with (
        installation(
            dsn=dsn,
            amqp_url=amqp,
            folder=folder,
            LEDGERWIRE_SMTP_URL=mail_server.url,
            LEDGERWIRE_IS_SOLE_WORKER="true",
            LEDGERWIRE_REQUESTS_PER_SECOND="0",
            LEDGERWIRE_CALLER_REQUESTS_PER_SECOND="0",
        ) as running,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
    ):
        port = free_port()
        own = running.environment | {"LEDGERWIRE_HEALTH_PORT": str(port)}
        second = ServiceProcess("ledger.2", own, port, folder / "ledger.2.log")
        running.extra.append(second)
        await second.start()
        await second.ready()
        yield running, Caller(session, running.url, await running.create_account("Baltic Trading OÜ"))


async def events_of(caller: Caller, client_id: str) -> list[dict[str, Any]]:
    return await caller.items(f"/v1/events?client_id={client_id}&trigger=message.created")


@pytest.mark.timeout(400)
async def test_with_two_ledgers_of_which_each_is_killed_every_step_is_sent_once(
    database_dsn: str, amqp: str | None, tmp_path: Path
) -> None:
    with smtp_server() as mail_server:
        async with two_ledgers(database_dsn, amqp, tmp_path, mail_server) as (running, caller):
            await collector(caller, a_mail(), a_next_mail("PT2S"))
            clients = []
            victims = [running.services["ledger"], running.extra[0]]
            for number in range(CLIENTS):
                client, _ = await debtor(caller)
                clients.append(client)
                if number in {CLIENTS // 3, 2 * CLIENTS // 3}:
                    victim = victims.pop()
                    await victim.kill()
                    await victim.start()

            def all_sent() -> bool:
                return all(len(mails_so_far(mail_server, one["email"])) >= 2 for one in clients)

            def so_far() -> list[int]:
                return [len(mails_so_far(mail_server, one["email"])) for one in clients]

            await eventually(all_sent, deadline_seconds=RECOVERY_SECONDS, describe=so_far)
            for client in clients:
                await eventually(partial(_has_events, caller, client["id"], 2), deadline_seconds=60)
            ids = Counter(one.message["Message-ID"] for one in mail_server.mails)
            assert (set(ids.values()), len(ids)) == ({1}, 2 * CLIENTS)
            for client in clients:
                assert len({one["id"] for one in await events_of(caller, client["id"])}) == 2
        assert [one.first for one in (await verify(database_dsn)).broken] == []


async def _has_events(caller: Caller, client_id: str, many: int) -> bool:
    return len(await events_of(caller, client_id)) >= many


@pytest.mark.timeout(400)
async def test_an_executor_killed_between_hand_over_and_commit_sends_no_second_mail_and_fires_no_second_event(
    database_dsn: str, amqp: str | None, tmp_path: Path
) -> None:
    with smtp_server() as mail_server:
        async with two_ledgers(database_dsn, amqp, tmp_path, mail_server) as (running, caller):
            executor = running.services["action_executor"]
            killed: list[TakenMail] = []

            def kill_once(mail: TakenMail) -> None:
                if not killed and executor.process is not None:
                    killed.append(mail)
                    os.kill(executor.pid, signal.SIGKILL)

            mail_server.when_taken = kill_once
            await collector(caller, a_mail())
            client, _ = await debtor(caller)
            await eventually(lambda: bool(killed), deadline_seconds=60)
            await executor.kill()
            await executor.start()
            (message,) = await caller.items(f"/v1/messages?client_id={client['id']}")
            failed = await shown(caller, f"/v1/messages/{message['id']}", "failed")
            assert "whether it was sent is not known" in failed["detail"]
            mails = mails_so_far(mail_server, client["email"])
            assert (len(mails), {one.message["Message-ID"] for one in mails}) == (1, {killed[0].message["Message-ID"]})
            assert await events_of(caller, client["id"]) == []
            other, _ = await debtor(caller)
            await eventually(lambda: bool(mails_so_far(mail_server, other["email"])), deadline_seconds=60)
        assert [one.first for one in (await verify(database_dsn)).broken] == []
