"""Hand mails to the SMTP server of `LEDGERWIRE_SMTP_URL`: one connection for each, all of it within a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from action_executor.hand_over import HandedOver, HandOver, NotTaken, TryLater, clipped, unknown
from action_executor.mail.mime import Mail, MailFault, mime_of

HAND_OVER_SECONDS: Final = 60.0  # servers that scan mails respond late
COMMAND_SECONDS: Final = 30.0  # one response of the server; below the whole
_PERMANENT_FROM: Final = 500
_PORTS: Final = {"smtp": 587, "smtps": 465}
FORM: Final = "must be smtp://user:password@host:port, or smtps://...; ?starttls=true or false, ?from=address"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail leaves. `starttls` None: where the server offers it. `sender` is the From address for all accounts."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: bool = False
    starttls: bool | None = None
    sender: str | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `smtp://user:password@host:port?starttls=true`.

        Raises:
            ValueError: it is none; its password is not repeated.
        """
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        starttls = options.get("starttls")
        if parts.scheme not in _PORTS or not parts.hostname or starttls not in {None, "true", "false"}:
            raise ValueError(FORM)
        return cls(
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=parts.scheme == "smtps",
            starttls=None if starttls is None else starttls == "true",
            sender=options.get("from"),
        )


class SmtpClient:
    """The SMTP client. With `redirect` every mail goes to that address instead, marked."""

    def __init__(self, server: SmtpServer, *, redirect: str | None = None) -> None:
        self._server, self._redirect = server, redirect

    @property
    def sender(self) -> str | None:
        """The From address of all accounts, where the server's URL names one."""
        return self._server.sender

    async def send(self, mail: Mail) -> HandOver:
        """Send a mail; never raises for errors of a server, a network or an address."""
        if self._redirect:
            mail = _redirected(mail, self._redirect)
        try:
            message = mime_of(mail, dated=datetime.now(tz=UTC))
        except MailFault as error:
            return NotTaken(str(error))
        return await self._hand_over(message, mail.sender, mail.recipients, mail.message_id)

    async def _hand_over(
        self, message: EmailMessage, sender: str, recipients: Sequence[str], message_id: str
    ) -> HandOver:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls,
            start_tls=server.starttls,
            timeout=COMMAND_SECONDS,
        )
        content, content_sent = bytes(message), False
        try:
            async with asyncio.timeout(HAND_OVER_SECONDS):
                await client.connect()
                refused = await _name_recipients(client, sender, recipients)
                if len(refused) == len(recipients):
                    return _refused_by_all(refused)
                content_sent = True
                answer = await client.data(content)
        except aiosmtplib.SMTPResponseException as error:
            return _of_code(error.code, f"the mail server answered {error.code}: {clipped(error.message)}")
        except (aiosmtplib.SMTPException, OSError) as error:
            reason = f"the mail server {server.host}:{server.port}: {clipped(str(error)) or type(error).__name__}"
            return unknown(reason) if content_sent else TryLater(reason)
        finally:
            client.close()
        return HandedOver(message_id, _detail(answer.message, refused), tuple(refused), content)


async def _name_recipients(
    client: aiosmtplib.SMTP, sender: str, recipients: Sequence[str]
) -> dict[str, tuple[int, str]]:
    """Send the envelope; return the refused recipients, with the server's responses."""
    options = ["SMTPUTF8"] if client.supports_extension("smtputf8") else []
    encoding = "utf-8" if options else "ascii"
    await client.mail(sender, options=options, encoding=encoding)
    refused = {}
    for recipient in recipients:
        try:
            await client.rcpt(recipient, encoding=encoding)
        except aiosmtplib.SMTPRecipientRefused as error:
            refused[recipient] = (error.code, clipped(error.message))
        except UnicodeEncodeError:
            refused[recipient] = (553, "this server accepts ASCII addresses only")
    return refused


def _refused_by_all(refused: dict[str, tuple[int, str]]) -> HandOver:
    words = "; ".join(f"{recipient}: {code} {response}" for recipient, (code, response) in refused.items())
    return _of_code(max(code for code, _ in refused.values()), clipped(f"the mail server refused {words}"))


def _of_code(code: int, reason: str) -> HandOver:
    """RFC 5321: 4xx passes, 5xx stays."""
    return NotTaken(reason) if code >= _PERMANENT_FROM else TryLater(reason)


def _detail(response: str, refused: dict[str, tuple[int, str]]) -> str:
    words = [f"not to {recipient}: {code} {why}" for recipient, (code, why) in refused.items()]
    return clipped("; ".join([response, *words]))


def _redirected(mail: Mail, address: str) -> Mail:
    """The same mail to one address, marked with its original recipients."""
    meant = ", ".join(mail.recipients)
    return replace(
        mail,
        to=[address],
        cc=(),
        subject=f"[for {meant}] {mail.subject}",
        body=f"Redirected by LEDGERWIRE_MAIL_REDIRECT; meant for {meant}.\n\n{mail.body}",
    )
