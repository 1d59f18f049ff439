"""The demo's mail server: a real SMTP server on loopback that keeps what it takes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

TAKEN = "250 2.0.0 Ok: taken"


@dataclass  # without slots: aiosmtpd reads all attributes, of which Python 3.11.2 leaves one broken then
class Mailbox:
    """Serves SMTP on a free port of loopback; `mails` are those that came, each with its recipients."""

    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(self, hostname="localhost"), "127.0.0.1", 0
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()

    @property
    def url(self) -> str:
        """What `LEDGERWIRE_SMTP_URL` says."""
        assert self._server is not None  # noqa: S101  within the block
        return f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}?starttls=false"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        content: Any = envelope.content
        parsed: Any = message_from_bytes(content, policy=policy.default)
        self.mails.append((list(envelope.rcpt_tos), parsed))
        self.changed.set()
        return TAKEN

    def to(self, address: str) -> EmailMessage | None:
        """The first mail to an address."""
        return next((mail for recipients, mail in self.mails if address in recipients), None)
