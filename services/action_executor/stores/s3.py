"""Keep files in an S3-compatible store, through the guarded HTTP client; botocore signs (AWS Signature Version 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from action_executor.http_client import OutboundHttpClient, OutboundRequest, OutboundResponse, TransportError
from action_executor.stores.http_answers import fault_of, incomplete, is_missing, is_success, is_unmet
from action_executor.stores.port import FILE_BYTES_MAX, StoredFile, StoreFault
from contracts.resources.connection import ConnectionIn

TIMEOUT_SECONDS: Final = 60.0  # 20 MiB over a slow line
REGION: Final = "us-east-1"  # what S3-compatible stores take where none is set

_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9.]{1,60})</Code>")


class S3Store:
    """A bucket, or a part of it by a prefix. The URL has the bucket as the first part of its path."""

    def __init__(self, client: OutboundHttpClient, made: ConnectionIn) -> None:
        self._client = client
        parts = urlsplit(made.url or "")
        self._server = f"{parts.scheme}://{parts.netloc}"
        self._base = parts.path.strip("/")
        self._key, self._secret = made.access_key_id or "", made.secret_access_key or ""
        self._region = made.region or REGION

    def location(self, path: str) -> str:
        """`s3://bucket/prefix/path`."""
        return f"s3://{self._base}/{path}"

    async def read(self, path: str) -> StoredFile | None:
        """GET it; its entity tag is its version."""
        answer = await self._call("GET", path)
        if is_missing(answer):
            self._require_bucket(answer)
            return None
        if not is_success(answer):
            raise self._fault(answer)
        if not answer.whole:
            raise incomplete(answer)
        return StoredFile(answer.body, answer.headers.get("ETag"))

    async def create(self, path: str, content: bytes, content_type: str) -> bool:
        """PUT it under `If-None-Match: *`; stores that do not know that are asked by HEAD first."""
        if is_success(await self._call("HEAD", path, headers={"Connection": "close"})):
            return False
        return await self._put(path, content, content_type, {"If-None-Match": "*"})

    async def overwrite(self, path: str, content: bytes, content_type: str) -> None:
        """PUT it."""
        await self._put(path, content, content_type, {})

    async def extend(self, path: str, read: StoredFile, addition: bytes, content_type: str) -> bool:
        """PUT all of it under `If-Match`."""
        if read.version is None:
            raise StoreFault("the store gives no ETag, so that a row could overwrite another")
        return await self._put(path, read.content + addition, content_type, {"If-Match": read.version})

    async def _put(self, path: str, content: bytes, content_type: str, condition: Mapping[str, str]) -> bool:
        answer = await self._call("PUT", path, content, {"Content-Type": content_type, **condition})
        if is_success(answer):
            return True
        if condition and is_unmet(answer):
            return False
        raise self._fault(answer)

    async def _call(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> OutboundResponse:
        url = f"{self._server}/{quote(f'{self._base}/{path}', safe='/-_.~')}"
        signed = self._signed(method, url, content, headers or {})
        answer = await self._client.call(
            OutboundRequest(method, url, signed, content, FILE_BYTES_MAX, timeout_seconds=TIMEOUT_SECONDS)
        )
        if isinstance(answer, TransportError):
            raise StoreFault(answer.reason, retryable=not (answer.refused or answer.answered))
        return answer

    def _signed(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> dict[str, str]:
        # Here, because it brings 12 MB that only installations with such a store need.
        from botocore.auth import S3SigV4Auth  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        request = AWSRequest(method=method, url=url, data=content or b"", headers=dict(headers))
        S3SigV4Auth(Credentials(self._key, self._secret), "s3", self._region).add_auth(request)
        return {name: str(value) for name, value in request.headers.items()}

    def _require_bucket(self, answer: OutboundResponse) -> None:
        if b"NoSuchBucket" in answer.body:
            raise self._fault(answer)

    def _fault(self, answer: OutboundResponse) -> StoreFault:
        code = _CODE.search(answer.body)
        return fault_of(answer, code[1].decode() if code else "")
