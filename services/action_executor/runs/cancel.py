"""Cancel a run that has not ended: nothing of it begins any more."""

from __future__ import annotations

from pydantic import ValidationError

from action_executor.refusals import invalid, not_found, problem
from action_executor.runs import concurrency, single
from action_executor.runs.records import Failed
from contracts.primitives.problem import field_errors
from contracts.resources import run
from contracts.resources.schemas import ByIdInput
from contracts.wire.envelope import Envelope
from outbox.pipeline import CommandResult
from storage.pool import Connection

# A worker that holds the run loses its lease: what it writes afterwards is refused.
_CANCEL = """
UPDATE execution.run
   SET state = 'cancelled', error = 'cancelled on request', due_at = NULL, finished_at = now(), leased = false,
       lease_epoch = lease_epoch + 1
 WHERE account_id = $1 AND id = $2 AND state IN ('running', 'waiting')
RETURNING id
"""

_END_STEPS = """
UPDATE execution.step
   SET state = CASE WHEN state = 'running' THEN 'failed' ELSE 'skipped' END,
       error = CASE WHEN state = 'running' THEN 'cancelled while it was under way: it may have taken effect' END,
       finished_at = CASE WHEN state = 'running' THEN now() END
 WHERE account_id = $1 AND run_id = $2 AND state IN ('pending', 'running', 'waiting')
"""

# A dry run is shown to no one but its caller, and ends by itself.
_QUEUE = """
SELECT automation_id, queue_key, automation_id IS NULL OR definition IS NOT NULL AS answers
  FROM execution.run WHERE account_id = $1 AND id = $2 AND NOT dry
"""

_SHOW = "SELECT * FROM execution_api.run WHERE account_id = $1 AND id = $2"


async def cancel_run(conn: Connection, command: Envelope) -> CommandResult:
    """End a run that is running or waiting: 200 with it. A call under way is not taken back."""
    try:
        run_id = ByIdInput.model_validate(command.data).id
    except ValidationError as error:
        return invalid(field_errors(error))
    key = (command.account_id, run_id)
    queued = await conn.fetchrow(_QUEUE, *key)
    if queued is None:
        return not_found(f"there is no run {run_id}")
    automation_id, queue_key = queued["automation_id"], queued["queue_key"]
    # In the order in which an admission locks.
    await concurrency.lock_queue(conn, account_id=key[0], automation_id=automation_id, key=queue_key)
    cancelled = await conn.fetchval(_CANCEL, *key)
    if cancelled is not None:
        await conn.execute(_END_STEPS, *key)
        await concurrency.wake_next(conn, account_id=key[0], automation_id=automation_id, key=queue_key)
    row = await conn.fetchrow(_SHOW, *key)
    if row is None:
        return not_found(f"there is no run {run_id}")
    if cancelled is None:
        detail = f"the run has ended already: it is {row['state']}"
        return problem(409, "run_ended", "The run has ended", detail)
    if queued["answers"]:
        result = single.refusal(Failed("cancelled on request"))
        await single.keep_result(conn, account_id=command.account_id, run_id=run_id, result=result)
    return CommandResult(200, run.from_row(row))
