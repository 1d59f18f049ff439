"""Steps on our own ledger: a command under the step's id: repeating it changes nothing and gives the first answer.

The command goes out with the step's commit; then the run waits for the outcome's row. A hint wakes it, and it looks by
itself as well.
"""

from __future__ import annotations

from typing import Any, Final

from action_executor.runs.actions.tools import Tools
from action_executor.runs.records import Done, Failed, Sent, StepCall, StepOutcome, Wait
from contracts.commands import CREATE_CLIENT, CREATE_SALE, RECORD_PAYMENT
from contracts.envelope import Envelope
from storage.pool import Pool

LOOK_SECONDS_FIRST: Final = 2.0  # a hint comes within milliseconds
LOOK_SECONDS_MAX: Final = 60.0
ANSWER_SECONDS_MAX: Final = 86_400.0
REFUSED_FROM: Final = 400

_OUTCOME = "SELECT status, body FROM ledger_api.outcome WHERE account_id = $1 AND command_id = $2"


async def create_client(call: StepCall, tools: Tools) -> StepOutcome:
    """Make a client: output the client."""
    return await _command(call, tools, CREATE_CLIENT)


async def create_document(call: StepCall, tools: Tools) -> StepOutcome:
    """Make a sales document, issued if asked: output the sale."""
    return await _command(call, tools, CREATE_SALE)


async def record_payment(call: StepCall, tools: Tools) -> StepOutcome:
    """Record a payment: output the payment."""
    return await _command(call, tools, RECORD_PAYMENT)


async def _command(call: StepCall, tools: Tools, name: str) -> StepOutcome:
    return Sent(_envelope(call, tools, name), LOOK_SECONDS_FIRST) if call.first else await _look(call, tools.pool)


def _envelope(call: StepCall, tools: Tools, name: str) -> Envelope:
    run = call.run
    return Envelope(
        id=call.command_id,
        name=name,
        account_id=run.account_id,
        correlation_id=run.correlation_id,
        causation_id=run.id,
        reply_to=tools.reply_to,
        depth=run.depth + 1,
        data=dict(call.input),
    )


async def _look(call: StepCall, pool: Pool) -> StepOutcome:
    found = await pool.fetchrow(_OUTCOME, call.run.account_id, call.command_id)
    if found is None:
        waited = (call.run.now - call.started_at).total_seconds()
        if waited > ANSWER_SECONDS_MAX:
            return Failed("the ledger gave no answer within a day")
        return Wait(min(max(waited, LOOK_SECONDS_FIRST), LOOK_SECONDS_MAX))
    if found["status"] < REFUSED_FROM:
        return Done(found["body"])
    return Failed(_reason(found["body"]), output=found["body"])


def _reason(problem: Any) -> str:
    detail = str(problem.get("detail") or problem.get("title") or problem.get("code"))
    faults = [f"{fault['path']}: {fault['message']}" for fault in problem.get("errors") or ()][:10]
    return "; ".join([detail, *faults] if detail not in faults else faults)
