"""Hand SMS to the HTTP gateway of `LEDGERWIRE_SMS_URL`, through the guarded HTTP client.

The gateway gets `POST {"id", "to", "from", "body"}` with our id as `Idempotency-Key`, and any credentials of the URL as
Basic authentication. 2xx means that it has the message; its JSON may name it as `id`, `message_id` or `sid`.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit, urlunsplit
from uuid import UUID

import orjson

from action_executor.deliveries.rules import retry_after_seconds
from action_executor.hand_over import HandedOver, HandOver, NotTaken, TryLater, clipped, unknown
from action_executor.http_client import OutboundHttpClient, OutboundRequest, OutboundResponse, TransportError

PASSING: Final = frozenset({408, 425, 429})
NAMES_OF_ID: Final = ("id", "message_id", "sid")
FORM: Final = "must be https://gateway.example/path, with user:password@ before the host where it asks for them"


@dataclass(frozen=True, slots=True)
class Sms:
    """A text message: `to` in E.164 form, `sender` as the gateway allows it."""

    id: UUID
    to: str
    body: str
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class SmsGateway:
    """The gateway's address and credentials."""

    url: str
    authorization: str | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read the gateway's URL.

        Raises:
            ValueError: it is none; its password is not repeated.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
            raise ValueError(FORM)
        bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        if parts.username is None:
            return cls(bare)
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return cls(bare, f"Basic {b64encode(credentials.encode()).decode()}")


class SmsClient:
    """The client of the SMS gateway."""

    def __init__(self, gateway: SmsGateway, http_client: OutboundHttpClient) -> None:
        self._gateway, self._http_client = gateway, http_client

    async def send(self, sms: Sms) -> HandOver:
        """Send an SMS; never raises for errors of the gateway or the network."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(sms.id)}
        if self._gateway.authorization:
            headers["Authorization"] = self._gateway.authorization
        body = {"id": str(sms.id), "to": sms.to, "from": sms.sender, "body": sms.body}
        answer = await self._http_client.call(OutboundRequest("POST", self._gateway.url, headers, orjson.dumps(body)))
        return _verdict(sms, answer)


def _verdict(sms: Sms, answer: OutboundResponse | TransportError) -> HandOver:
    if isinstance(answer, TransportError):
        if answer.refused:
            return NotTaken(f"the SMS gateway cannot be called: {answer.reason}")
        reason = f"the SMS gateway: {answer.reason}"
        return unknown(reason) if answer.answered or answer.unanswered else TryLater(reason)
    if 200 <= answer.status < 300:  # noqa: PLR2004  HTTP's "success"
        return HandedOver(_id_of(answer.body) or str(sms.id))
    reason = f"the SMS gateway answered {answer.status}: {clipped(answer.body.decode('utf-8', 'replace'))}"
    if answer.status >= 500 or answer.status in PASSING:  # noqa: PLR2004  HTTP's "server's fault"
        return TryLater(reason, retry_after_seconds(answer.headers, datetime.now(tz=UTC)))
    return NotTaken(reason)


def _id_of(body: bytes) -> str | None:
    try:
        answer: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(answer, dict):
        return None
    return next((clipped(str(answer[name])) for name in NAMES_OF_ID if answer.get(name)), None)
