"""Steps on our own ledger: a command under the step's id: repeating it changes nothing and gives the first answer.

The command goes out with the step's commit; then the run waits for the outcome's row. A hint wakes it, and it looks by
itself as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from action_executor.actions.context import StepContext
from action_executor.runs.records import Done, Failed, Sent, StepCall, StepOutcome, Wait
from contracts.primitives.problem import FieldError
from contracts.resources import client, product, sale
from contracts.resources.output import Row
from contracts.wire.commands import COMMANDS, UPSERT_CLIENT
from contracts.wire.envelope import Envelope
from storage.pool import Pool

LOOK_SECONDS_FIRST: Final = 2.0  # a hint comes within milliseconds
LOOK_SECONDS_MAX: Final = 60.0
ANSWER_SECONDS_MAX: Final = 86_400.0
CREATED: Final = 201
REFUSED_FROM: Final = 400

_OUTCOME = "SELECT status, body FROM ledger_api.outcome WHERE account_id = $1 AND command_id = $2"


# Of several, the oldest: the one that a document with this client would get. By a part of a name, the newest.
_CLIENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "external_id": "SELECT * FROM ledger_api.client"
        " WHERE account_id = $1 AND archived_at IS NULL AND external_id = $2 LIMIT 1",
        "email": "SELECT * FROM ledger_api.client"
        " WHERE account_id = $1 AND archived_at IS NULL AND lower(email) = lower($2) ORDER BY id LIMIT 1",
        "reg_number": "SELECT * FROM ledger_api.client"
        " WHERE account_id = $1 AND archived_at IS NULL AND reg_number = $2"
        " AND ledger_api.pieces(account_id, ledger_api.words(name, email, reg_number, vat_number))"
        " @> ledger_api.pieces($1, $2) ORDER BY id LIMIT 1",
        "query": "SELECT * FROM ledger_api.client"
        " WHERE account_id = $1 AND archived_at IS NULL AND strpos(lower(name), lower($2)) > 0"
        " AND ledger_api.pieces(account_id, ledger_api.words(name, email, reg_number, vat_number))"
        " @> ledger_api.pieces($1, $2) ORDER BY id DESC LIMIT 1",
    }
)
_PRODUCTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code": "SELECT * FROM ledger_api.product WHERE account_id = $1 AND archived_at IS NULL AND code = $2 LIMIT 1",
        "external_id": "SELECT * FROM ledger_api.product"
        " WHERE account_id = $1 AND archived_at IS NULL AND external_id = $2 LIMIT 1",
        "query": "SELECT * FROM ledger_api.product"
        " WHERE account_id = $1 AND archived_at IS NULL AND strpos(lower(name), lower($2)) > 0"
        " AND ledger_api.pieces(account_id, ledger_api.words(code, name, barcode, external_id))"
        " @> ledger_api.pieces($1, $2) ORDER BY id DESC LIMIT 1",
    }
)
_SALES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "number": "SELECT * FROM ledger_api.sale WHERE account_id = $1 AND number = $2 ORDER BY id DESC LIMIT 1",
        "external_id": "SELECT * FROM ledger_api.sale"
        " WHERE account_id = $1 AND external_id = $2 ORDER BY id DESC LIMIT 1",
    }
)


def command_step(name: str) -> Callable[[StepCall, StepContext], Awaitable[StepOutcome]]:
    """The step that sends its input as the data of a command, and outputs the command's result."""

    async def run(call: StepCall, context: StepContext) -> StepOutcome:
        return await _command(call, context, name)

    return run


async def find_or_create_client(call: StepCall, context: StepContext) -> StepOutcome:
    """Make a client unless it is there: output `{"found", "created", "client"}`."""
    if call.first:
        return await _command(call, context, UPSERT_CLIENT, on_conflict="return")
    return await look(call, context.pool, lambda status, one: client.found_or_created(one, created=status == CREATED))


async def find_client(call: StepCall, context: StepContext) -> StepOutcome:
    """Find a client by the first given field that finds one: output `{"found", "client"}`."""
    row = await _found(call, context.pool, _CLIENTS)
    return Done({"found": row is not None, "client": client.from_row(row) if row else None})


async def find_product(call: StepCall, context: StepContext) -> StepOutcome:
    """Find a product by the first given field that finds one: output `{"found", "product"}`."""
    row = await _found(call, context.pool, _PRODUCTS)
    return Done({"found": row is not None, "product": product.from_row(row) if row else None})


async def find_sale(call: StepCall, context: StepContext) -> StepOutcome:
    """Find a sales document by the first given field that finds one: output `{"found", "sale"}`."""
    row = await _found(call, context.pool, _SALES)
    return Done({"found": row is not None, "sale": sale.from_row(row, context.urls) if row else None})


async def _found(call: StepCall, pool: Pool, ways: Mapping[str, str]) -> Row | None:
    for name, statement in ways.items():
        if call.input.get(name) is not None:
            row = await pool.fetchrow(statement, call.run.account_id, call.input[name])
            if row is not None:
                return dict(row)
    return None


async def _command(call: StepCall, context: StepContext, name: str, **more: Any) -> StepOutcome:
    if call.first:
        return Sent(envelope_of(call, context, name, {**call.input, **more}), LOOK_SECONDS_FIRST)
    return await look(call, context.pool)


def envelope_of(call: StepCall, context: StepContext, name: str, data: Mapping[str, Any]) -> Envelope:
    """The command of a step, under the step's id."""
    run = call.run
    if COMMANDS[name].authored and run.automation_id is not None:
        data = {**data, "author": {"kind": "automation", "id": str(run.automation_id)}}
    return Envelope(
        id=call.command_id,
        name=name,
        account_id=run.account_id,
        correlation_id=run.correlation_id,
        causation_id=run.id,
        reply_to=context.reply_to,
        depth=run.depth + 1,
        data=dict(data),
    )


async def look(call: StepCall, pool: Pool, output: Callable[[int, Any], Any] = lambda _, body: body) -> StepOutcome:
    """Look for the outcome of a step's command: done, failed, or still to be waited for."""
    found = await pool.fetchrow(_OUTCOME, call.run.account_id, call.command_id)
    if found is None:
        waited = (call.run.now - call.started_at).total_seconds()
        if waited > ANSWER_SECONDS_MAX:
            return Failed("the ledger gave no answer within a day")
        return Wait(min(max(waited, LOOK_SECONDS_FIRST), LOOK_SECONDS_MAX), for_answer=True)
    if found["status"] < REFUSED_FROM:
        return Done(output(found["status"], found["body"]))
    body = found["body"]
    faults = [FieldError(fault["path"], fault["message"]) for fault in body.get("errors") or ()]
    return Failed(_reason(body), output=body, code=body["code"], status=found["status"], faults=faults)


def _reason(problem: Any) -> str:
    detail = str(problem.get("detail") or problem.get("title") or problem.get("code"))
    faults = [f"{fault['path']}: {fault['message']}" for fault in problem.get("errors") or ()][:10]
    return "; ".join([detail, *faults] if detail not in faults else faults)
