"""Places for files on loopback that others wrote: moto's S3, WsgiDAV, asyncssh's SFTP server, a folder."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, Final
from urllib.request import Request, urlopen

import asyncssh
from cheroot import wsgi
from moto.server import ThreadedMotoServer
from wsgidav.wsgidav_app import WsgiDAVApp

KINDS: Final = ("s3", "webdav", "sftp", "folder")
USER, PASSWORD = "ozola", "hush-hush-9"
BUCKET: Final = "invoices"


@dataclass(frozen=True, slots=True)
class Place:
    """What a connection to a place has, besides its name. `folder` is where its files lie, where they lie in one."""

    fields: dict[str, Any]
    folder: Path | None = None


@contextmanager
def s3_server() -> Iterator[Place]:
    """A bucket of moto's server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        urlopen(Request(f"http://{host}:{port}/{BUCKET}", method="PUT")).close()
        url = f"http://{host}:{port}/{BUCKET}/{token_hex(4)}/books"  # its buckets outlive the server
        yield Place({"kind": "s3", "url": url, "access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI"})
    finally:
        server.stop()


@contextmanager
def webdav_server(folder: Path) -> Iterator[Place]:
    """WsgiDAV with one user, serving a folder."""
    users = {"*": {USER: {"password": PASSWORD}}}
    config = {
        "provider_mapping": {"/": str(folder)},
        "simple_dc": {"user_mapping": users},
        "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
        "logging": {"enable": False},
        "verbose": 0,
    }
    server = wsgi.Server(("127.0.0.1", 0), WsgiDAVApp(config), numthreads=4)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.bind_addr[1]}/"
        yield Place({"kind": "webdav", "url": url, "username": USER, "password": PASSWORD}, folder)
    finally:
        server.stop()
        thread.join(timeout=10)


class _Login(asyncssh.SSHServer):
    def begin_auth(self, _username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@asynccontextmanager
async def sftp_server(folder: Path) -> AsyncIterator[Place]:
    """The server of asyncssh over a folder that its users cannot leave."""
    key = asyncssh.generate_private_key("ssh-ed25519")

    def files(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(folder).encode())

    server = await asyncssh.create_server(
        _Login, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=files, allow_scp=False
    )
    try:
        url = f"sftp://127.0.0.1:{server.sockets[0].getsockname()[1]}/books"
        pinned = key.get_fingerprint("sha256")
        fields = {"kind": "sftp", "url": url, "username": USER, "password": PASSWORD, "host_key": pinned}
        yield Place(fields, folder)
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def place(kind: str, folder: Path) -> AsyncIterator[Place]:
    """A place of this kind; a folder is the root that an executor's `folder_root` must be."""
    match kind:
        case "s3":
            with s3_server() as made:
                yield made
        case "webdav":
            with webdav_server(folder) as made:
                yield made
        case "sftp":
            async with sftp_server(folder) as made:
                yield made
        case _:
            yield Place({"kind": "folder", "path": "books"}, folder)
