"""The parts of ingress, opened in order and closed in reverse."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Final

import structlog
from aiohttp import web

from chassis.encryption import Encryptor
from chassis.handle import ServiceHandle
from chassis.parts import ServiceParts, open_parts
from chassis.settings import local_url
from contracts.urls import PublicUrls
from ingress import erased_files, space
from ingress.acceptance import store
from ingress.acceptance.group_commit import GroupCommit
from ingress.acceptance.result_waiter import CommandResultWaiter
from ingress.access import audit_store, channel_store, session_store
from ingress.access.authenticator import Authenticator
from ingress.access.key_rotation import ensure_encrypted_with_newest_key
from ingress.access.oauth import routes as oauth
from ingress.access.oauth import store as oauth_store
from ingress.access.oauth.clients import put_console
from ingress.access.sessions import SignIn
from ingress.api.docs import ASSETS
from ingress.http import server
from ingress.http.context import Api
from ingress.http.rate_limiter import Limits
from ingress.http.uploads import Uploads
from ingress.imports import store as imports
from ingress.imports.worker import Importer
from ingress.mcp.endpoint import McpEndpoint
from ingress.routes import ROUTES
from ingress.settings import IngressSettings
from ingress.views.batches import BatchReads
from ingress.views.event_feed import LOOK_SECONDS, EventFeed
from messaging.postgres import LocalNotifier
from scheduling.poller import Poller
from storage.blobs import BlobStore, DirectoryBlobs
from storage.counted_blobs import CountedBlobs
from storage.data_loader import DataLoader
from storage.pool import Pool
from templates.renderer import Renderer

log = structlog.get_logger(__name__)

HOUSEKEEPING_SECONDS: Final = 30.0
FILES_ARRIVE_SECONDS_MAX: Final = 3600.0  # longer than any upload may take, also with a wrong clock
KEYS_PURGED_MAX: Final = 50_000  # at a time: over 1,600 a second
IMPORTS_KEPT_DAYS: Final = 30
IMPORTS_PURGED_MAX: Final = 500  # at a time


@asynccontextmanager
async def open_service(
    settings: IngressSettings, *, wakeups: LocalNotifier | None = None, listening: socket.socket | None = None,
    console: web.Application | None = None,
) -> AsyncIterator[ServiceHandle]:  # fmt: skip
    """Start ingress; it answers once this yields.

    `listening` is its address if it was taken before, `console` the console's pages if they are served here.

    Raises:
        SettingsError: a key is missing or wrong, or the port is taken. OSError, asyncpg.PostgresError: no database.
    """
    encryptor = Encryptor.parse(settings.secret_keys.get_secret_value() if settings.secret_keys else "")
    async with open_parts("ingress", settings) as parts:
        listening = parts.stack.enter_context(closing(listening or server.bind(settings.host, settings.port)))
        parts.handle.url = url = local_url(*listening.getsockname()[:2])
        pool = await parts.open_database(size_max=settings.pool_size)
        await ensure_encrypted_with_newest_key(pool, encryptor)
        await audit_store.keep_days(pool, audit_days=settings.audit_keep_days)
        await parts.open_messaging(wakeups=wakeups)
        del parts.handle.checks["bus"]  # without it requests are still accepted, and published when it is back
        answers = await _start_waiter(parts, pool, settings)
        seconds_max = settings.commit_seconds
        commits = GroupCommit(pool, parts.relay, commit_seconds=seconds_max, waiting_max=settings.waiting_max)
        parts.stack.push_async_callback(commits.drain)
        limits = Limits.of(settings)
        authenticator = Authenticator(pool, limits.wrong, seconds_max=seconds_max)
        files = CountedBlobs(DirectoryBlobs(settings.files_directory), pool, default_max=settings.storage_default)
        importer = Importer(pool, parts.relay, answers)
        await parts.run(importer.worker, check="imports")
        await parts.run(housekeeping_poller(pool, authenticator, files, settings), check="housekeeping")
        feed = await _run_feed(parts, pool)
        renderer = Renderer()
        parts.stack.push_async_callback(renderer.stop)
        api = Api(
            pool=pool,
            settings=settings,
            commits=commits,
            answers=answers,
            authenticator=authenticator,
            feed=feed,
            sign_in=SignIn(pool, limits, encryptor),
            channels=DataLoader(lambda hashes: channel_store.find_live(pool, hashes), seconds_max=seconds_max),
            encryptor=encryptor,
            limits=limits,
            uploads=Uploads(files),
            importer=importer,
            urls=settings.urls if settings.public_url else PublicUrls(url),
            reads=BatchReads(),
            renderer=renderer,
        )
        console_url = settings.console_url or api.urls.at(server.CONSOLE_PATH)
        await put_console(pool, console_url)
        assistants = McpEndpoint(url, ROUTES)
        parts.stack.push_async_callback(assistants.stop)
        routes = (*ROUTES, *oauth.ROUTES, *ASSETS, assistants.route)
        linked = console_url if console is not None or settings.console_url else None
        app = server.make_app(api, routes, console=console, console_url=linked)
        await parts.stack.enter_async_context(server.serve(app, api, listening))
        log.info("ingress_listens", url=url, public_url=api.urls.base)
        yield parts.handle


async def _start_waiter(parts: ServiceParts, pool: Pool, settings: IngressSettings) -> CommandResultWaiter:
    waiter = CommandResultWaiter(pool, answer_seconds=settings.answer_seconds, look_seconds=settings.look_seconds)
    await waiter.start(parts.bus)
    parts.stack.push_async_callback(waiter.stop)
    return waiter


async def _run_feed(parts: ServiceParts, pool: Pool) -> EventFeed:
    feed = EventFeed(pool)
    await parts.run(Poller("streams", feed.look, sweep_seconds=LOOK_SECONDS), check="streams")
    return feed


def housekeeping_poller(
    pool: Pool, authenticator: Authenticator, files: BlobStore, settings: IngressSettings
) -> Poller:
    """Forgets old keys and half files, notes which credentials were used and how much space is left, now and then."""

    async def look() -> None:
        await authenticator.note_used()
        async with pool.acquire() as conn:
            await store.purge_keys(conn, older_than_hours=settings.idempotency_keep_hours, limit=KEYS_PURGED_MAX)
            await session_store.purge(conn, limit=KEYS_PURGED_MAX)
            await oauth_store.purge(conn, limit=KEYS_PURGED_MAX)
            await imports.purge(conn, older_than_days=IMPORTS_KEPT_DAYS, limit=IMPORTS_PURGED_MAX)
        await erased_files.remove(pool, files)
        await files.sweep(older_than_seconds=FILES_ARRIVE_SECONDS_MAX)
        await space.observe(pool, settings.files_directory)

    return Poller("housekeeping", look, sweep_seconds=HOUSEKEEPING_SECONDS)
