"""Mails as customers' programs and mail servers write them."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

NEW_TEXT = "I will pay on Friday."
QUOTED = "On Thu, 19 Mar 2026 at 10:00, Books <books@baltic.example> wrote:\n> Dear Aija,\n> please pay."


def a_mail(body: str = f"{NEW_TEXT}\n\n{QUOTED}\n", **headers: str) -> EmailMessage:
    """A reply; a header's name has `_` for `-`, and one that is empty is left out."""
    message = EmailMessage()
    usual = {
        "From": "Aija Ozola <aija@ozola.example>",
        "To": "replies@books.example",
        "Subject": "Re: Invoice 42",
        "Message_ID": "<reply@ozola.example>",
    }
    for name, value in (usual | headers).items():
        if value:
            message[name.replace("_", "-")] = value
    message.set_content(body)
    return message


def a_returned_mail(
    original: EmailMessage, *, recipient: str = "aija@ozola.example", action: str = "failed", status: str = "5.1.1"
) -> bytes:
    """What a mail server reports about a mail that it could not deliver (RFC 3464)."""
    fields = (
        f"Reporting-MTA: dns; mx.ozola.example\n\nFinal-Recipient: rfc822; {recipient}\nAction: {action}\n"
        f"Status: {status}\nDiagnostic-Code: smtp; 550 no such user here\n"
    )
    return _a_report(original, "delivery-status", fields)


def a_complaint(original: EmailMessage, *, recipient: str = "aija@ozola.example") -> bytes:
    """What a mailbox provider reports when a mail was called spam (RFC 5965)."""
    fields = f"Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: {recipient}\n"
    return _a_report(original, "feedback-report", fields)


def _a_report(original: EmailMessage, kind: str, fields: str) -> bytes:
    head = (
        "From: Mail Delivery <mailer-daemon@mx.ozola.example>\nTo: books@baltic.example\nSubject: Report\n"
        f'MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind}; boundary="b"\n\n'
    )
    parts = [
        "Content-Type: text/plain\n\nSorry.\n",
        f"Content-Type: message/{kind}\n\n{fields}\n",
        f"Content-Type: message/rfc822\n\n{original.as_string()}",
    ]
    return (head + "".join(f"--b\n{part}\n" for part in parts) + "--b--\n").encode()


def form_of_mailgun(**fields: Any) -> dict[str, str]:
    """What Mailgun posts for a reply, without its files."""
    usual = {
        "recipient": "replies@books.example",
        "sender": "bounce+aija@ozola.example",
        "from": "Aija Ozola <aija@ozola.example>",
        "subject": "Re: Invoice 42",
        "body-plain": f"{NEW_TEXT}\r\n\r\n" + QUOTED.replace("\n", "\r\n"),
        "stripped-text": NEW_TEXT,
        "timestamp": "1773900000",
        "Message-Id": "<reply@ozola.example>",
        "message-headers": '[["From", "Aija Ozola <aija@ozola.example>"], ["In-Reply-To", "<1@books.example>"]]',
    }
    return usual | fields


def form_of_sendgrid(**fields: Any) -> dict[str, str]:
    """What SendGrid's Inbound Parse posts for a reply."""
    usual = {
        "headers": "From: Aija Ozola <aija@ozola.example>\nIn-Reply-To: <1@books.example>\nX-Long: a\n b",
        "to": "replies@books.example",
        "from": "Aija Ozola <aija@ozola.example>",
        "text": f"{NEW_TEXT}\n\n{QUOTED}",
        "subject": "Re: Invoice 42",
        "envelope": '{"to":["replies@books.example"],"from":"aija@ozola.example"}',
        "charsets": '{"to":"UTF-8","subject":"UTF-8","from":"UTF-8","text":"utf-8"}',
        "SPF": "pass",
    }
    return usual | fields


def json_of_postmark(**fields: Any) -> dict[str, Any]:
    """What Postmark posts for a reply."""
    usual = {
        "From": "aija@ozola.example",
        "FromFull": {"Email": "aija@ozola.example", "Name": "Aija Ozola", "MailboxHash": ""},
        "To": "replies@books.example",
        "OriginalRecipient": "replies@books.example",
        "Subject": "Re: Invoice 42",
        "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b",
        "TextBody": f"{NEW_TEXT}\n\n{QUOTED}",
        "HtmlBody": "",
        "StrippedTextReply": NEW_TEXT,
        "Headers": [{"Name": "In-Reply-To", "Value": "<1@books.example>"}, {"Name": "X-Spam-Score", "Value": "0"}],
        "Attachments": [{"Name": "paid.txt", "Content": "cGFpZA==", "ContentType": "text/plain", "ContentLength": 4}],
    }
    return usual | fields
