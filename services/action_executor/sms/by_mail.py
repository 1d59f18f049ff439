"""Send each SMS as a mail to the address of `LEDGERWIRE_MAIL_REDIRECT`, while things are tried out."""

from __future__ import annotations

from typing import Final

from action_executor.hand_over import HandOver, NotTaken
from action_executor.mail.mime import Mail
from action_executor.mail.smtp import SmtpClient
from action_executor.sms.gateway import Sms

NO_MAIL: Final = NotTaken(
    "not_configured: LEDGERWIRE_MAIL_REDIRECT takes SMS by mail, and LEDGERWIRE_SMTP_URL is not set"
)


class SmsByMail:
    """The client of a gateway, where all messages are redirected; `mail` marks each with its number."""

    def __init__(self, mail: SmtpClient | None, *, address: str, host: str) -> None:
        self._mail, self._address, self._host = mail, address, host

    async def send(self, sms: Sms) -> HandOver:
        """Send an SMS as a mail; never raises for errors of the mail server."""
        if self._mail is None:
            return NO_MAIL
        sender = self._mail.sender or self._address
        mail = Mail(f"<{sms.id}@{self._host}>", sender, [sms.to], "SMS", sms.body, sender_name=sms.sender)
        return await self._mail.send(mail)
