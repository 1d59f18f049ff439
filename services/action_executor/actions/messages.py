"""Steps that send a mail or an SMS to anybody: through the installation's own server and gateway."""

from __future__ import annotations

from typing import assert_never

from action_executor.actions.context import StepContext
from action_executor.hand_over import HandedOver, NotTaken, TryLater
from action_executor.mail.mime import Mail
from action_executor.messages import store
from action_executor.messages.sender import NO_MAIL, NO_SENDER, NO_SMS
from action_executor.runs.records import Done, Failed, StepCall, StepOutcome
from action_executor.sms.gateway import Sms


async def send_email(call: StepCall, context: StepContext) -> StepOutcome:
    """Send a mail in the account's name: output `{"message_id", "accepted"}`; those refused are left out of the latter.

    A step that is repeated after a crash sends under the same Message-ID.
    """
    if context.mail is None:
        return Failed(NO_MAIL.reason)
    account = await store.find_account(context.pool, account_id=call.run.account_id)
    own = account.profile.get("email")
    sender = context.mail.sender or own
    if sender is None:
        return Failed(NO_SENDER.reason)
    mail = Mail(
        message_id=f"<{call.command_id}@{context.urls.host}>",
        sender=sender,
        sender_name=account.legal_name,
        to=call.input["to"],
        reply_to=call.input.get("reply_to") or (own if own != sender else None),
        subject=call.input["subject"],
        body=call.input["body"],
    )
    result = await context.mail.send(mail)
    if isinstance(result, HandedOver):
        accepted = [address for address in mail.to if address not in result.refused]
        return Done({"message_id": result.provider_id, "accepted": accepted})
    return _failed(result)


async def send_sms(call: StepCall, context: StepContext) -> StepOutcome:
    """Send a text message: output `{"message_id", "to"}`."""
    if context.sms is None:
        return Failed(NO_SMS.reason)
    to = "".join(call.input["to"].split())
    result = await context.sms.send(Sms(call.command_id, to, call.input["body"]))
    if isinstance(result, HandedOver):
        return Done({"message_id": result.provider_id, "to": to})
    return _failed(result)


def _failed(result: TryLater | NotTaken) -> Failed:
    match result:
        case TryLater(reason, after_seconds):
            return Failed(reason, retryable=True, seconds=after_seconds)
        case NotTaken(reason):
            return Failed(reason)
        case _:
            assert_never(result)
