"""Keep files on a WebDAV server (RFC 4918), such as Nextcloud, through the guarded HTTP client."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit
from uuid import uuid4

from action_executor.http_client import OutboundHttpClient, OutboundRequest, OutboundResponse, TransportError
from action_executor.stores.http_answers import fault_of, incomplete, is_missing, is_success
from action_executor.stores.port import FILE_BYTES_MAX, StoredFile, StoreFault
from contracts.resources.connection import ConnectionIn

TIMEOUT_SECONDS: Final = 60.0  # 20 MiB over a slow line
_UNMET: Final = 412
_LOCKED: Final = 423
_MISREAD: Final = frozenset("#%;?")  # some servers read a Destination with these as another path
_NO_LOCKS: Final = frozenset({405, 501})  # a server of class 1 knows no locks
_LOCK_TIME: Final = "Second-180"  # longer than a GET and a PUT may take
_LOCK: Final = (
    b'<?xml version="1.0" encoding="utf-8"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
    b"<locktype><write/></locktype></lockinfo>"
)
_NO_PARENT: Final = frozenset({404, 409})  # RFC 4918 says 409; some servers say 404
_FOLDER_THERE: Final = frozenset({301, 405})  # of MKCOL: there is something by this name


class WebDavStore:
    """A folder of a WebDAV server."""

    def __init__(self, client: OutboundHttpClient, made: ConnectionIn) -> None:
        self._client = client
        parts = urlsplit(made.url or "")
        self._server, self._base = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
        self._headers = dict(made.headers)
        if made.username is not None:
            both = f"{made.username}:{made.password or ''}".encode()
            self._headers["Authorization"] = f"Basic {b64encode(both).decode()}"

    def location(self, path: str) -> str:
        """The file's URL."""
        return self._url(path)

    async def read(self, path: str) -> StoredFile | None:
        """GET it; its entity tag is its version."""
        answer = await self._call("GET", path)
        if is_missing(answer):
            return None
        if not is_success(answer):
            raise fault_of(answer)
        if not answer.whole:
            raise incomplete(answer)
        return StoredFile(answer.body, answer.headers.get("ETag"))

    async def create(self, path: str, content: bytes, content_type: str) -> bool:
        """PUT it beside, then MOVE it to its name unless there is one; a server that checks late is asked first."""
        # Some servers send a body after HEAD, which would be taken for the next answer.
        answer = await self._call("HEAD", path, headers={"Connection": "close"})
        if is_success(answer):
            return False
        if not is_missing(answer):
            raise fault_of(answer)
        if not _MISREAD.isdisjoint(path):
            return await self._put(path, content, content_type, {"If-None-Match": "*"})
        folder, slash, _ = path.rpartition("/")
        temporary = f"{folder}{slash}.{uuid4().hex}.part"
        await self._put(temporary, content, content_type, {})
        moved = await self._call("MOVE", temporary, headers={"Destination": self._url(path), "Overwrite": "F"})
        if is_success(moved):
            return True
        await self._call("DELETE", temporary)
        if moved.status == _UNMET:
            return False
        raise fault_of(moved)

    async def overwrite(self, path: str, content: bytes, content_type: str) -> None:
        """PUT it."""
        await self._put(path, content, content_type, {})

    async def extend(self, path: str, read: StoredFile, addition: bytes, content_type: str) -> bool:
        """PUT all of it under `If-Match` and an exclusive lock: some servers compare before they have read the body.

        It is read again under the lock.
        """
        if read.version is None or read.version.startswith("W/"):
            raise StoreFault("the server gives no strong ETag, so that a row could overwrite another")
        locked = await self._call("LOCK", path, _LOCK, {"Content-Type": "application/xml", "Timeout": _LOCK_TIME})
        if locked.status == _LOCKED:
            return False
        token = locked.headers.get("Lock-Token") if is_success(locked) else None
        if token is None and locked.status not in _NO_LOCKS:
            raise fault_of(locked)
        condition = {"If-Match": read.version} | ({"If": f"({token})"} if token else {})
        try:
            # Read while another one wrote, some servers give the content before with the tag after.
            if token and await self.read(path) != read:
                return False
            return await self._put(path, read.content + addition, content_type, condition)
        finally:
            if token:
                await self._call("UNLOCK", path, headers={"Lock-Token": token})

    async def _put(self, path: str, content: bytes, content_type: str, condition: Mapping[str, str]) -> bool:
        headers = {"Content-Type": content_type, **condition}
        answer = await self._call("PUT", path, content, headers)
        if answer.status in _NO_PARENT and "/" in path:
            await self._make_folders(path)
            answer = await self._call("PUT", path, content, headers)
        if is_success(answer):
            return True
        if condition and answer.status == _UNMET:
            return False
        raise fault_of(answer)

    async def _make_folders(self, path: str) -> None:
        names = path.split("/")[:-1]
        for depth in range(1, len(names) + 1):
            answer = await self._call("MKCOL", "/".join(names[:depth]))
            if not (is_success(answer) or answer.status in _FOLDER_THERE):
                raise fault_of(answer)

    async def _call(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> OutboundResponse:
        sent = self._headers | dict(headers or {})
        request = OutboundRequest(
            method, self._url(path), sent, content, FILE_BYTES_MAX, timeout_seconds=TIMEOUT_SECONDS
        )
        answer = await self._client.call(request)
        if isinstance(answer, TransportError):
            raise StoreFault(answer.reason, retryable=not (answer.refused or answer.answered))
        return answer

    def _url(self, path: str) -> str:
        return f"{self._server}{self._base}/{quote(path, safe='/')}"
