"""A real SMTP server on loopback, in a thread of its own, that keeps what it takes and refuses what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.machine import free_port

OK = "250 2.0.0 Ok: queued"


@dataclass(slots=True)
class TakenMail:
    """A mail that the server took: for whom on the envelope, and what it says."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    from_port: int  # of the connection that it came by

    @property
    def text(self) -> str:
        """The plain text, its line ends as in Python."""
        body = self.message.get_body(("plain",))
        return str(body.get_content()).replace("\r\n", "\n") if body else ""

    @property
    def files(self) -> dict[str, bytes]:
        """The attached files by name."""
        return {part.get_filename() or "": part.get_content() for part in self.message.iter_attachments()}


@dataclass  # without slots: aiosmtpd reads all attributes, of which Python 3.11.2 leaves one broken then
class SmtpServer:
    """What came; `answers` are given to the next contents in turn, `refused` recipients get the code beside them."""

    port: int
    mails: list[TakenMail] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    logins: list[tuple[str, str]] = field(default_factory=list)
    hang_up: bool = False  # after the content, without an answer
    when_taken: Callable[[TakenMail], None] | None = None  # before the answer

    @property
    def url(self) -> str:
        """What `LEDGERWIRE_SMTP_URL` says."""
        return f"smtp://books:se%40cret@127.0.0.1:{self.port}?starttls=false"

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or refuse."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the content, or answer as the test says."""
        answer = self.answers.pop(0) if self.answers else OK
        if answer == OK:
            content = envelope.content if isinstance(envelope.content, bytes) else b""
            parsed: Any = message_from_bytes(content, policy=policy.SMTP)
            port = session.peer[1] if session.peer else 0
            taken = TakenMail(envelope.mail_from or "", list(envelope.rcpt_tos), parsed, int(port))
            self.mails.append(taken)
            if self.when_taken is not None:
                self.when_taken(taken)
        if self.hang_up and server.transport is not None:
            server.transport.close()
        return answer

    def authenticate(self, *given: Any) -> AuthResult:
        """Take one user."""
        login = given[-1]
        if isinstance(login, LoginPassword):
            self.logins.append((login.login.decode(), login.password.decode()))
        return AuthResult(success=True)


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    """Run a server for the block."""
    server = SmtpServer(free_port())
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=server.port,
        authenticator=server.authenticate,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@asynccontextmanager
async def silent_mail_server() -> AsyncIterator[str]:
    """Give the URL of a server that takes connections and says nothing: what is queued for mail stays queued."""
    hung: set[asyncio.StreamWriter] = set()
    server = await asyncio.start_server(lambda _, writer: hung.add(writer), "127.0.0.1", 0)
    try:
        # With a sender, because an account without an address of its own has its mails fail at once.
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?from=books@baltic.example"
    finally:
        server.close()
        for writer in hung:
            writer.close()
