"""The parts of ingress, opened in order and closed in reverse."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import Final

import structlog

from chassis.bus import open_bus
from chassis.encryption import Encryptor
from chassis.handle import ServiceHandle
from chassis.settings import local_url
from contracts.urls import PublicUrls
from contracts.wire.topology import ROLES, SCHEMAS
from ingress.acceptance import store
from ingress.acceptance.group_commit import GroupCommit
from ingress.acceptance.result_waiter import CommandResultWaiter
from ingress.access import channel_store
from ingress.access.authenticator import Authenticator
from ingress.access.key_rotation import ensure_encrypted_with_newest_key
from ingress.http import server
from ingress.http.context import Api
from ingress.http.rate_limiter import Limits
from ingress.http.uploads import Uploads
from ingress.imports import store as imports
from ingress.imports.worker import Importer
from ingress.routes import ROUTES
from ingress.settings import IngressSettings
from messaging.postgres import LocalNotifier
from outbox.relay import Relay
from storage.blobs import BlobStore, DirectoryBlobs
from storage.data_loader import DataLoader
from storage.partitions import maintain_forever
from storage.pool import Pool, open_pool
from storage.transient import is_transient
from storage.writable import why_not_writable

log = structlog.get_logger(__name__)

SCHEMA: Final = SCHEMAS["ingress"]
HOUSEKEEPING_SECONDS: Final = 30.0
KEYS_KEPT_HOURS: Final = 48
FILES_ARRIVE_SECONDS_MAX: Final = 3600.0  # no upload is allowed so long, also where a clock is wrong
KEYS_PURGED_MAX: Final = 50_000  # at a time: over 1,600 a second
IMPORTS_KEPT_DAYS: Final = 30
IMPORTS_PURGED_MAX: Final = 500  # at a time


@asynccontextmanager
async def open_service(
    settings: IngressSettings, *, wakeups: LocalNotifier | None = None, listening: socket.socket | None = None
) -> AsyncIterator[ServiceHandle]:
    """Start ingress; it answers once this yields. `listening` is its address if it was taken before.

    Raises:
        SettingsError: the keys are missing or wrong, or the port is taken; OSError, asyncpg.PostgresError: no
        database.
    """
    encryptor = Encryptor.parse(settings.secret_keys.get_secret_value() if settings.secret_keys else "")
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(closing(listening or server.bind(settings.host, settings.port)))
        url = local_url(*listening.getsockname()[:2])
        pool = await open_pool(
            settings.postgres_dsn.get_secret_value(), role=ROLES["ingress"], name="ingress", size_max=settings.pool_size
        )
        stack.push_async_callback(_close_pool, pool, settings.drain_seconds)
        await ensure_encrypted_with_newest_key(pool, encryptor)
        bus = await open_bus(settings, pool, name="ingress", wakeups=wakeups)
        stack.push_async_callback(bus.close)
        relay = Relay(pool, bus, schema=SCHEMA)
        relay.start()
        stack.push_async_callback(relay.stop, settings.drain_seconds)
        answers = CommandResultWaiter(pool, answer_seconds=settings.answer_seconds, look_seconds=settings.look_seconds)
        await answers.start(bus)
        stack.push_async_callback(answers.stop)
        commits = GroupCommit(pool, relay, commit_seconds=settings.commit_seconds, waiting_max=settings.waiting_max)
        stack.push_async_callback(commits.drain)
        limits = Limits.of(settings)
        authenticator = Authenticator(pool, limits.wrong, seconds_max=settings.commit_seconds)
        files = DirectoryBlobs(settings.files_directory)
        # The bus is not asked about: without it requests are still taken, and go out when it is back.
        running = ServiceHandle("ingress", {"postgres": lambda: why_not_writable(pool, schema=SCHEMA)}, url=url)
        importer = Importer(pool, relay, answers)
        stack.push_async_callback(importer.stop)
        house = [
            *importer.start(),
            asyncio.create_task(maintain_forever(pool, schema=SCHEMA), name="ingress-partitions"),
            asyncio.create_task(_keep_house(pool, authenticator, files), name="ingress-house"),
        ]
        for task in house:
            task.add_done_callback(lambda done: _watch(done, running))
        stack.push_async_callback(_cancel, house)
        api = Api(
            pool=pool,
            settings=settings,
            commits=commits,
            answers=answers,
            authenticator=authenticator,
            channels=DataLoader(
                lambda hashes: channel_store.find_live(pool, hashes), seconds_max=settings.commit_seconds
            ),
            encryptor=encryptor,
            limits=limits,
            uploads=Uploads(files),
            importer=importer,
            urls=settings.urls if settings.public_url else PublicUrls(url),
        )
        await stack.enter_async_context(server.serve(server.make_app(api, ROUTES), api, listening))
        log.info("ingress_listens", url=url, public_url=api.urls.base)
        yield running


async def _keep_house(pool: Pool, authenticator: Authenticator, files: BlobStore) -> None:
    """Forget old keys and half files and note which credentials were used, now and then; runs until cancelled."""
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        try:
            await authenticator.note_used()
            async with pool.acquire() as conn:
                await store.purge_keys(conn, older_than_hours=KEYS_KEPT_HOURS, limit=KEYS_PURGED_MAX)
                await imports.purge(conn, older_than_days=IMPORTS_KEPT_DAYS, limit=IMPORTS_PURGED_MAX)
            await files.sweep(older_than_seconds=FILES_ARRIVE_SECONDS_MAX)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("maintenance_failed", error=repr(error))


def _watch(task: asyncio.Task[None], running: ServiceHandle) -> None:
    """Let a part that ended by itself end the service: its supervisor starts a whole one."""
    if not task.cancelled():
        log.error("part_ended", part=task.get_name(), exc_info=task.exception())
        running.failed.set()


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _close_pool(pool: Pool, deadline_seconds: float) -> None:
    try:
        await asyncio.wait_for(pool.close(), deadline_seconds)
    except TimeoutError:
        pool.terminate()
