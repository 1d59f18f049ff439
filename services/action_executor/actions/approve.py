"""A step that waits for a person: over the API, or by a signed link that it mails."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import orjson

from action_executor.actions import messages
from action_executor.actions.context import StepContext
from action_executor.runs.records import Declined, Done, Failed, StepCall, StepOutcome, Wait, replace_input
from contracts.primitives.durations import read_elapsed

EXPIRES_DEFAULT: Final = "P7D"
SENDING: Final = "{body}\n\n{url}\n"


async def approve(call: StepCall, context: StepContext) -> StepOutcome:
    """Go on once a person approves: output `{"approved", "by", "comment", "at", "expires_at"}`.

    A refusal ends the run as cancelled. When the time is over without a decision, the step has failed.
    """
    output = call.output or {}
    match output.get("approved"):
        case True:
            return Done(output)
        case False:
            by = (output.get("by") or {}).get("name") or "a person"
            return Declined(f"refused by {by}" + (f": {output['comment']}" if output.get("comment") else ""), output)
        case _:
            pass
    expires_at = call.started_at + read_elapsed(call.input.get("expires_in") or EXPIRES_DEFAULT)
    left = (expires_at - call.run.now).total_seconds()
    if left <= 0:
        return Failed("it expired without a decision", output=output)
    if not output and (fault := await _ask(call, context, expires_at)) is not None:
        return fault
    return Wait(left, output=output or {"approved": None, "expires_at": expires_at.isoformat()})


async def preview(call: StepCall, _: StepContext) -> StepOutcome:
    """Show who would be asked, and go on as if it was approved."""
    return Done({"approved": True, "by": None, "comment": None, "asks": list(call.input.get("to") or ())})


async def _ask(call: StepCall, context: StepContext, expires_at: datetime) -> Failed | None:
    """Mail each recipient a link of their own; what went wrong, if anything."""
    for address in call.input.get("to") or ():
        url = context.urls.at(f"/ext/approvals/{_token(call, context, expires_at, address)}")
        given = {
            "to": [address],
            "subject": (call.input.get("subject") or call.input["message"]).splitlines()[0][:200],
            "body": SENDING.format(body=call.input["message"], url=url),
        }
        sent = await messages.send_email(replace_input(call, given, part=address), context)
        if isinstance(sent, Failed):
            return sent
    return None


def _token(call: StepCall, context: StepContext, expires_at: datetime, address: str) -> str:
    claims: dict[str, Any] = {
        "use": "approval",
        "account": str(call.run.account_id),
        "run": str(call.run.id),
        "step": call.path,
        "until": expires_at.isoformat(),
        "to": address,
    }
    return context.encryptor.encrypt(orjson.dumps(claims).decode()).decode()
