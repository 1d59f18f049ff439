"""From a connection to its place: the adapter of its kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from action_executor.guarded_socket import GuardedDialer
from action_executor.http_client import OutboundHttpClient
from action_executor.stores.folder import FolderStore
from action_executor.stores.port import FileStore, StoreFault
from action_executor.stores.s3 import S3Store
from action_executor.stores.sftp import SftpStore
from action_executor.stores.webdav import WebDavStore
from contracts.resources.connection import ConnectionIn


@dataclass(frozen=True, slots=True)
class StoreOpener:
    """What adapters need. `folder_root` is None where the operator allows no folders."""

    http_client: OutboundHttpClient
    dialer: GuardedDialer
    folder_root: Path | None = None

    def open(self, made: ConnectionIn, account_id: UUID) -> FileStore:
        """The place of a connection.

        Raises:
            StoreFault: this installation has no such places.
        """
        match made.kind:
            case "s3":
                return S3Store(self.http_client, made)
            case "webdav":
                return WebDavStore(self.http_client, made)
            case "sftp":
                return SftpStore(self.dialer, made)
            case "folder" if self.folder_root is not None:
                return FolderStore(self.folder_root, account_id, made.path or "")
            case "folder":
                raise StoreFault("no folder is set here: an operator sets LEDGERWIRE_FOLDER_ROOT")
            case _:
                raise StoreFault(f"a connection of kind {made.kind} keeps no files")
