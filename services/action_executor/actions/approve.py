"""A step that waits for a person: over the API, or by a signed link that it mails."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from action_executor.actions import messages
from action_executor.actions.context import StepContext
from action_executor.actions.flow import duration
from action_executor.runs.records import Declined, Done, Failed, StepCall, StepOutcome, Wait, replace_input, wrong_input

EXPIRES_DEFAULT: Final = "P7D"
DAYS_MAX: Final = 30  # as long as a run is kept
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
    try:
        expires_at = call.started_at + lasts(call.input.get("expires_in") or EXPIRES_DEFAULT)
    except ValueError as error:
        return wrong_input("expires_in", str(error))
    left = (expires_at - call.run.now).total_seconds()
    if left <= 0:
        return Failed("it expired without a decision", output=output)
    if not output and (fault := await _ask(call, context, expires_at)) is not None:
        return fault
    return Wait(left, output=output or {"approved": None, "expires_at": expires_at.isoformat()})


async def preview(call: StepCall, _: StepContext) -> StepOutcome:
    """Show who would be asked, and go on as if it was approved."""
    return Done({"approved": True, "by": None, "comment": None, "asks": list(call.input.get("to") or ())})


def lasts(text: str) -> timedelta:
    """How long a decision may take.

    Raises:
        ValueError: more than `DAYS_MAX` days, or no duration.
    """
    found = duration(text)
    if not timedelta(0) < found <= timedelta(days=DAYS_MAX):
        raise ValueError(f"must be more than nothing and at most {DAYS_MAX} days")
    return found


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
