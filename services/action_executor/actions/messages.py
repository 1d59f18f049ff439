"""Steps that send a mail or an SMS to any address, through the installation's own server and gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, assert_never

from action_executor.actions import file_source
from action_executor.actions.context import StepContext
from action_executor.actions.sale_files import MadeFile
from action_executor.hand_over import HandedOver, NotTaken, TryLater
from action_executor.mail.mime import MAIL_BYTES_MAX, Attachment, Mail
from action_executor.messages import store
from action_executor.messages.sender import NO_MAIL, NO_SENDER, NO_SMS
from action_executor.runs.records import Done, Failed, StepCall, StepOutcome, wrong_input
from action_executor.sms.gateway import Sms

_FILE_TYPES: Final = frozenset({"application", "audio", "font", "image", "text", "video"})
"""Main types of RFC 2046 that are one file: `message` and `multipart` would be parsed as parts of the mail."""


async def send_email(call: StepCall, context: StepContext) -> StepOutcome:
    """Send a mail in the account's name: output `{"message_id", "accepted"}`; those refused are left out of the latter.

    A step that is repeated after a crash sends under the same Message-ID.
    """
    if context.mail is None:
        return Failed(NO_MAIL.reason)
    mail = await _mail(call, context)
    if mail.sender == "":
        return Failed(NO_SENDER.reason)
    attachments = await _attachments(call, context)
    if isinstance(attachments, Failed):
        return attachments
    result = await context.mail.send(replace(mail, attachments=attachments))
    if isinstance(result, HandedOver):
        accepted = [address for address in mail.to if address not in result.refused]
        return Done({"message_id": result.provider_id, "accepted": accepted})
    return _failed(result)


async def show_email(call: StepCall, context: StepContext) -> StepOutcome:
    """Show the mail that would be sent; `warnings` say what is missing to send it."""
    mail = await _mail(call, context)
    missing = [NO_MAIL.reason] if context.mail is None else [] if mail.sender else [NO_SENDER.reason]
    return Done(
        {
            "from": mail.sender or None,
            "from_name": mail.sender_name,
            "to": list(mail.to),
            "reply_to": mail.reply_to,
            "subject": mail.subject,
            "body": mail.body,
            "attachments": [_shown(one) for one in call.input.get("attachments", [])],
            "warnings": missing,
        }
    )


async def _attachments(call: StepCall, context: StepContext) -> list[Attachment] | Failed:
    """Load the files one after the other; at most what one mail takes is held, and the current file."""
    loaded: list[Attachment] = []
    room = MAIL_BYTES_MAX
    for number, given in enumerate(call.input.get("attachments", [])):
        file = await file_source.load(call, context, given, f"attachments[{number}].")
        if isinstance(file, Failed):
            return file
        room -= len(file.content)
        if room < 0:
            return wrong_input("attachments", f"more than {MAIL_BYTES_MAX // 1024**2} MiB together: send fewer files")
        loaded.append(Attachment(given.get("name") or file.name, _type_of(file), file.content))
    return loaded


def _type_of(file: MadeFile) -> str:
    """The file's type without its parameters; one that is none is of no particular type."""
    media_type = file.content_type.partition(";")[0].strip().lower()
    main, slash, sub = media_type.partition("/")
    is_one = (
        slash
        and main in _FILE_TYPES
        and sub.isascii()
        and sub.replace("-", "").replace(".", "").replace("+", "").isalnum()
    )
    return media_type if is_one else file_source.BINARY


def _shown(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": given.get("name")} | file_source.describe(given)


async def _mail(call: StepCall, context: StepContext) -> Mail:
    """The mail without its attachments; its sender is empty where neither the installation nor the account has one."""
    account = await store.find_account(context.pool, account_id=call.run.account_id)
    own = account.profile.get("email")
    sender = (context.mail.sender if context.mail else None) or own or ""
    return Mail(
        message_id=f"<{call.command_id}@{context.urls.host}>",
        sender=sender,
        sender_name=account.legal_name,
        to=call.input["to"],
        reply_to=call.input.get("reply_to") or (own if own != sender else None),
        subject=call.input["subject"],
        body=call.input["body"],
    )


async def send_sms(call: StepCall, context: StepContext) -> StepOutcome:
    """Send a text message: output `{"message_id", "to"}`."""
    if context.sms is None:
        return Failed(NO_SMS.reason)
    sms = _sms(call)
    result = await context.sms.send(sms)
    if isinstance(result, HandedOver):
        return Done({"message_id": result.provider_id, "to": sms.to})
    return _failed(result)


async def show_sms(call: StepCall, context: StepContext) -> StepOutcome:
    """Show the text message that would be sent; `warnings` say what is missing to send it."""
    sms = _sms(call)
    return Done({"to": sms.to, "body": sms.body, "warnings": [] if context.sms else [NO_SMS.reason]})


def _sms(call: StepCall) -> Sms:
    return Sms(call.command_id, "".join(call.input["to"].split()), call.input["body"])


def _failed(result: TryLater | NotTaken) -> Failed:
    match result:
        case TryLater(reason, after_seconds):
            return Failed(reason, retryable=True, seconds=after_seconds)
        case NotTaken(reason):
            return Failed(reason)
        case _:
            assert_never(result)
