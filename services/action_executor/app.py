"""The composition root of the executor: its parts, opened in order and closed in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from action_executor import retention
from action_executor.actions import StepContext
from action_executor.connections.commands import ConnectionCommandHandler
from action_executor.connections.key_rotation import ensure_encrypted_with_newest_key
from action_executor.connections.repository import ConnectionRepository
from action_executor.consumer import command_handler, job_handler
from action_executor.deliveries.deliverer import Deliverer
from action_executor.deliveries.hook_cache import HookCache
from action_executor.deliveries.removal_notifier import RemovalNotifier
from action_executor.deliveries.sender import Sender
from action_executor.guarded_socket import GuardedDialer
from action_executor.http_client import OutboundHttpClient, open_http_client
from action_executor.mail.smtp import SmtpClient, SmtpServer
from action_executor.messages.sender import MessageSender
from action_executor.runs.engine import Engine
from action_executor.settings import ExecutorSettings
from action_executor.sms.by_mail import SmsByMail
from action_executor.sms.gateway import SmsClient, SmsGateway
from action_executor.startup_recovery import expire_all_leases
from action_executor.stores.opening import StoreOpener
from chassis.egress import EgressPolicy
from chassis.encryption import Encryptor
from chassis.handle import ServiceHandle
from chassis.parts import ServiceParts, open_parts
from contracts.primitives.ids import new_id
from contracts.wire.topology import EXECUTOR_COMMANDS, EXECUTOR_JOBS
from messaging.postgres import LocalNotifier
from storage.blobs import DirectoryBlobs
from storage.counted_blobs import CountedBlobs
from storage.pool import INDEX_SCAN_SETTINGS, Pool


@asynccontextmanager
async def open_service(
    settings: ExecutorSettings, *, wakeups: LocalNotifier | None = None
) -> AsyncIterator[ServiceHandle]:
    """Start the executor; stop it within about `settings.drain_seconds` when the block ends.

    Raises:
        SettingsError: the sealing keys are missing, wrong, or not those of this database.
    """
    policy = EgressPolicy.parse(settings.egress_allow)
    encryptor = Encryptor.parse(settings.secret_keys.get_secret_value())
    worker_id, drain_seconds = new_id(), settings.drain_seconds
    async with open_parts("action_executor", settings) as parts:
        pool = await parts.open_database(size_max=settings.executor_pool_max, server_settings=INDEX_SCAN_SETTINGS)
        await ensure_encrypted_with_newest_key(pool, encryptor, schema=parts.schema)
        await retention.keep_days(
            pool,
            delivery_days=settings.delivery_keep_days,
            run_days=settings.run_keep_days,
            mail_days=settings.mail_keep_days,
        )
        if settings.is_sole_worker:
            await expire_all_leases(pool)
        pipeline = await parts.open_messaging(wakeups=wakeups)
        http_client = await parts.stack.enter_async_context(_open_http_client(settings, policy))
        hooks = HookCache(pool, encryptor, keep_seconds=settings.hook_cache_seconds)
        sender = Sender(http_client, hooks, schedule=settings.hook_schedule_seconds)
        deliverer = Deliverer(pool, parts.relay, sender, settings, worker_id=worker_id)
        await parts.run(deliverer, check="deliveries", drain_seconds=drain_seconds)
        replies = f"executor.replies.{worker_id}"
        mail, sms = _message_clients(settings, http_client)
        dialer = GuardedDialer(policy, settings.hook_connect_seconds)
        stores = StoreOpener(http_client, dialer, settings.folder_root)
        step_context = StepContext(
            http_client,
            pool,
            ConnectionRepository(pool, encryptor),
            replies,
            settings.urls,
            stores,
            encryptor,
            CountedBlobs(DirectoryBlobs(settings.files_directory), pool, default_max=settings.storage_default),
            mail,
            sms,
        )
        engine = Engine(pool, parts.relay, step_context, settings, notify=parts.bus.notify)
        await parts.bus.listen(replies, engine.answered)
        await parts.run(engine, check="runs", drain_seconds=drain_seconds)
        messages = _message_sender(parts, pool, settings, step_context)
        await parts.run(messages.worker, check="messages", drain_seconds=drain_seconds)
        lease_seconds, sweep_seconds = settings.hook_lease_seconds, settings.sweep_seconds
        removals = RemovalNotifier(pool, hooks, http_client, lease_seconds=lease_seconds, sweep_seconds=sweep_seconds)
        await parts.run(removals.worker, check="removals", drain_seconds=drain_seconds)
        connections = ConnectionCommandHandler(encryptor, policy, has_folders=settings.folder_root is not None)
        handlers = {
            EXECUTOR_JOBS: job_handler(deliverer, engine, messages, removals),
            EXECUTOR_COMMANDS: command_handler(deliverer, connections, engine, step_context),
        }
        for queue, handler in handlers.items():
            await parts.consume(queue, pipeline.handler(handler), batch_max=settings.executor_batch_max)
        yield parts.handle


def _message_sender(parts: ServiceParts, pool: Pool, settings: ExecutorSettings, context: StepContext) -> MessageSender:
    return MessageSender(
        pool,
        parts.relay,
        settings.urls,
        encryptor=context.encryptor,
        mail=context.mail,
        sms=context.sms,
        schedule=settings.message_schedule_seconds,
        sweep_seconds=settings.sweep_seconds,
    )


def _open_http_client(
    settings: ExecutorSettings, policy: EgressPolicy
) -> AbstractAsyncContextManager[OutboundHttpClient]:
    connect_seconds, timeout_seconds = settings.hook_connect_seconds, settings.hook_timeout_seconds
    return open_http_client(policy, connect_seconds=connect_seconds, timeout_seconds=timeout_seconds)


def _message_clients(
    settings: ExecutorSettings, http_client: OutboundHttpClient
) -> tuple[SmtpClient | None, SmsClient | SmsByMail | None]:
    """The ways out of mails and SMS, each None where it is not configured."""
    mail = None
    if settings.smtp_url is not None:
        mail = SmtpClient(SmtpServer.parse(settings.smtp_url.get_secret_value()), redirect=settings.mail_redirect)
    if settings.mail_redirect is not None:
        return mail, SmsByMail(mail, address=settings.mail_redirect, host=settings.urls.host)
    if settings.sms_url is None:
        return mail, None
    return mail, SmsClient(SmsGateway.parse(settings.sms_url.get_secret_value()), http_client)
