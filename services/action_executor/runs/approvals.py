"""Keep a person's decision on a step that waits for it, and let its run go on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationError

from action_executor.refusals import invalid, not_found, problem
from contracts.primitives.problem import FieldError, field_errors
from contracts.resources import run as run_resource
from contracts.resources.schemas import LongText, Model
from contracts.wire.envelope import Envelope
from outbox.pipeline import CommandResult
from storage.pool import Connection


class DecideApproval(Model):
    """The data of `decide_approval`; without `step` it is the one that the run waits at."""

    id: UUID
    step: Annotated[str, StringConstraints(max_length=200)] | None = None
    approved: bool
    comment: LongText | None = None
    by: dict[str, Any] = Field(default_factory=dict)


_RUN = "SELECT * FROM execution.run WHERE account_id = $1 AND id = $2 FOR UPDATE"
_STEP = "SELECT state, output FROM execution.step WHERE account_id = $1 AND run_id = $2 AND path = $3 AND action = $4"
_DECIDE = """
UPDATE execution.step SET output = coalesce(output, '{}') || $4::jsonb
 WHERE account_id = $1 AND run_id = $2 AND path = $3
"""
# A worker that holds the run loses its lease, so that it cannot park it over the decision.
_CONTINUE = """
UPDATE execution.run SET due_at = now(), leased = false, lease_epoch = lease_epoch + 1
 WHERE account_id = $1 AND id = $2
"""
_SHOW = "SELECT * FROM execution_api.run WHERE account_id = $1 AND id = $2"


async def decide_approval(conn: Connection, command: Envelope) -> CommandResult:
    """Approve or refuse: 200 with the run, which goes on or ends; the same decision again changes nothing."""
    try:
        requested = DecideApproval.model_validate(command.data)
    except ValidationError as error:
        return invalid(field_errors(error))
    key = (command.account_id, requested.id)
    run = await conn.fetchrow(_RUN, *key)
    if run is None:
        return not_found(f"there is no run {requested.id}")
    path = run["step_path"] if requested.step is None else requested.step
    step = await conn.fetchrow(_STEP, *key, path, "approve")
    if step is None:
        return invalid([FieldError("step", "is not a step of this run that waits for approval")])
    decided = (step["output"] or {}).get("approved")
    if decided is None and (run["finished_at"] is not None or step["state"] != "waiting"):
        return problem(409, "not_waiting", "Nothing waits for a decision", f"the step is {step['state']}")
    if decided is not None and decided is not requested.approved:
        verb = "approved" if decided else "refused"
        return problem(409, "decided", "It is decided already", f"the step was {verb} before")
    if decided is None:
        await conn.execute(_DECIDE, *key, path, _decision(requested))
        await conn.execute(_CONTINUE, *key)
    row = await conn.fetchrow(_SHOW, *key)
    return CommandResult(200, run_resource.from_row(row or run))


def _decision(requested: DecideApproval) -> dict[str, Any]:
    return {
        "approved": requested.approved,
        "by": requested.by,
        "comment": requested.comment,
        "at": datetime.now(tz=UTC).isoformat(),
    }
