"""Keep files on an SFTP server whose key is pinned: nothing is sent to a server that cannot prove to be the one meant.

asyncssh speaks the protocol over a connection that the guard made. A file is written under a temporary name and
renamed, which fails where there is one. SFTP has no conditional change: a row goes to the end of a file that
is opened for appending, so that two writers lose nothing; only the check for a row that is there
already can miss one just written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from action_executor.guarded_socket import GuardedDialer, NoConnection
from action_executor.stores.port import FILE_BYTES_MAX, StoredFile, StoreFault
from contracts.resources.connection import ConnectionIn

if TYPE_CHECKING:
    import asyncssh

PORT: Final = 22
TIMEOUT_SECONDS: Final = 60.0  # 20 MiB over a slow line
LOGIN_SECONDS: Final = 15.0  # as long as a receiver of hooks has to answer
PIN: Final = "SHA256:"


class SftpStore:
    """A folder of an SFTP server, over a connection of its own for each call."""

    def __init__(self, dialer: GuardedDialer, made: ConnectionIn) -> None:
        self._dialer, self._made = dialer, made
        parts = urlsplit(made.url or "")
        self._host, self._port = parts.hostname or "", parts.port or PORT
        self._base = unquote(parts.path).rstrip("/")

    def location(self, path: str) -> str:
        """`sftp://server:port/folder/path`."""
        return f"sftp://{self._host}:{self._port}{self._base}/{path}"

    async def read(self, path: str) -> StoredFile | None:
        """Read the file; its size is its version."""
        from asyncssh import SFTPNoSuchFile  # noqa: PLC0415

        async with self._session() as sftp:
            try:
                async with sftp.open(self._at(path), "rb") as file:
                    content = cast("bytes", await file.read(FILE_BYTES_MAX + 1))
            except SFTPNoSuchFile:
                return None
        if len(content) > FILE_BYTES_MAX:
            raise StoreFault(f"the file there has more than {FILE_BYTES_MAX // 1024**2} MiB")
        return StoredFile(content)

    async def create(self, path: str, content: bytes, content_type: str) -> bool:  # noqa: ARG002  SFTP keeps no type
        """Write it beside, then rename it, which the protocol refuses where there is one."""
        async with self._session() as sftp, self._written(sftp, path, content) as temporary:
            if await sftp.exists(self._at(path)):
                return False
            return await _renamed(sftp, temporary, self._at(path))

    async def overwrite(self, path: str, content: bytes, content_type: str) -> None:  # noqa: ARG002
        """Write it beside, then let it take the name (OpenSSH's `posix-rename`)."""
        async with self._session() as sftp, self._written(sftp, path, content) as temporary:
            await sftp.posix_rename(temporary, self._at(path))

    async def extend(self, path: str, read: StoredFile, addition: bytes, content_type: str) -> bool:  # noqa: ARG002
        """Append, unless the file has changed since it was read."""
        async with self._session() as sftp:
            if await sftp.getsize(self._at(path)) != len(read.content):
                return False
            async with sftp.open(self._at(path), "ab") as file:
                await file.write(addition)
        return True

    def _at(self, path: str) -> str:
        return f"{self._base}/{path}" if self._base else path

    @asynccontextmanager
    async def _written(self, sftp: asyncssh.SFTPClient, path: str, content: bytes) -> AsyncIterator[str]:
        folder = self._at(path).rpartition("/")[0]
        if folder:
            await sftp.makedirs(folder, exist_ok=True)
        temporary = f"{folder}{'/' if folder else ''}.{uuid4().hex}.part"
        try:
            async with sftp.open(temporary, "xb") as file:
                await file.write(content)
            yield temporary
        finally:
            if await sftp.exists(temporary):
                await sftp.remove(temporary)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[asyncssh.SFTPClient]:
        """A session; every failure of connection, login or server is a StoreFault."""
        import asyncssh  # noqa: PLC0415  only installations with such a server need its 10 MB

        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                plain = await self._dialer.connect(self._host, self._port)
                try:
                    connection = await _login(plain, self._host, self._made)
                except BaseException:
                    plain.close()
                    raise
                async with connection, connection.start_sftp_client() as sftp:
                    yield sftp
        except NoConnection as error:
            raise StoreFault(error.reason, retryable=not error.refused) from None
        except TimeoutError:
            raise StoreFault("the server did not answer in time", retryable=True) from None
        except asyncssh.HostKeyNotVerifiable:
            raise StoreFault("the server's key is not the connection's host_key: nothing was sent") from None
        except asyncssh.PermissionDenied:
            raise StoreFault("the server does not accept the connection's user and password or key") from None
        except (asyncssh.KeyImportError, ValueError):
            raise StoreFault("the connection's private_key or host_key cannot be read") from None
        except asyncssh.SFTPError as error:
            raise StoreFault(f"the server answered: {error.reason[:200]}", retryable=_passes(error)) from None
        except (asyncssh.Error, OSError):
            raise StoreFault("the connection to the server was lost", retryable=True) from None


async def _login(plain: object, host: str, made: ConnectionIn) -> asyncssh.SSHClientConnection:
    import asyncssh  # noqa: PLC0415

    pinned = made.host_key or ""

    class Pinned(asyncssh.SSHClient):
        """Takes the one key whose fingerprint the connection has."""

        def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
            return key.get_fingerprint("sha256") == pinned.strip()

    by_print = pinned.startswith(PIN)
    trusted: list[asyncssh.SSHKey] = [] if by_print else [asyncssh.import_public_key(pinned)]
    return await asyncssh.connect(
        host,
        sock=plain,
        client_factory=Pinned if by_print else None,
        known_hosts=(trusted, [], []),
        username=made.username,
        password=made.password,
        client_keys=[asyncssh.import_private_key(made.private_key)] if made.private_key else [],
        agent_path=None,
        config=None,
        login_timeout=LOGIN_SECONDS,
        keepalive_interval=LOGIN_SECONDS,
    )


async def _renamed(sftp: asyncssh.SFTPClient, temporary: str, path: str) -> bool:
    from asyncssh import SFTPError  # noqa: PLC0415

    try:
        await sftp.rename(temporary, path)
    except SFTPError:
        if await sftp.exists(path):
            return False
        raise
    return True


def _passes(error: asyncssh.SFTPError) -> bool:
    from asyncssh import FX_CONNECTION_LOST, FX_NO_CONNECTION, FX_NO_SPACE_ON_FILESYSTEM  # noqa: PLC0415

    return error.code in {FX_NO_CONNECTION, FX_CONNECTION_LOST, FX_NO_SPACE_ON_FILESYSTEM}
