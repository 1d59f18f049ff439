"""What actions may use."""

from __future__ import annotations

from dataclasses import dataclass

from action_executor.connections.repository import ConnectionRepository
from action_executor.http_client import OutboundHttpClient
from action_executor.mail.smtp import SmtpClient
from action_executor.sms.by_mail import SmsByMail
from action_executor.sms.gateway import SmsClient
from action_executor.stores.opening import StoreOpener
from chassis.encryption import Encryptor
from contracts.urls import PublicUrls
from storage.blobs import BlobStore
from storage.pool import Pool


@dataclass(frozen=True, slots=True)
class StepContext:
    """The HTTP client, other services' views, credentials, where replies go, URLs, files' places, what signs links.

    `mail` and `sms` are None where none is configured.
    """

    http_client: OutboundHttpClient
    pool: Pool
    connections: ConnectionRepository
    reply_to: str
    urls: PublicUrls
    stores: StoreOpener
    encryptor: Encryptor
    blobs: BlobStore | None = None
    mail: SmtpClient | None = None
    sms: SmsClient | SmsByMail | None = None
