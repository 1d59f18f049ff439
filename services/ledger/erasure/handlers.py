"""Decide the erasure of a client's personal data."""

from __future__ import annotations

from contracts.command_errors import StateForbids
from contracts.primitives.problem import FieldError
from contracts.resources.schemas import ByIdInput
from contracts.wire.jobs import ERASE_CLIENT_MAILS, EraseClientMailsJob
from contracts.wire.topology import EXECUTOR_JOBS
from ledger.clients import handlers as clients
from ledger.clients.state import ClientPlan
from ledger.erasure.rules import erased
from ledger.erasure.state import ErasureChanges, ErasurePlan, LoadedUnfinished
from ledger.quotas.counting import uncount
from ledger.quotas.state import UsagePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, FollowUp, LoadedState, ReadPlan


def _plan(ctx: CommandContext[ByIdInput], plan: ReadPlan) -> None:
    key = ctx.key(ctx.input.id)
    plan[ClientPlan].ids.add(key)
    plan[ErasurePlan].clients.add(key)
    plan[UsagePlan].counters.add((ctx.account.id, "clients"))


def _erase(ctx: CommandContext[ByIdInput], state: LoadedState) -> ChangeSet:
    """Erase; a client that was erased before is erased again, with what came since.

    Raises:
        NotFound: there is no such client; StateForbids: something is still owed, or not finished.
    """
    client = clients.named(ctx, state, ctx.input.id, path="id")
    if reasons := state[LoadedUnfinished].reasons.get(ctx.key(client.id)):
        raise StateForbids(code="client_in_use", faults=[FieldError("id", reason) for reason in reasons])
    changes = ChangeSet(("client", client.id))
    changes[ErasureChanges].erased.append(client)
    if client.archived_at is None:
        uncount(changes, "clients")
    clients.change(client, erased(client, now=ctx.now), changes)
    job = EraseClientMailsJob(client_id=client.id)
    changes.follow_ups.append(FollowUp(ERASE_CLIENT_MAILS, job.model_dump(mode="json"), EXECUTOR_JOBS))
    return changes


ERASE_CLIENT = CommandHandler(ByIdInput, _plan, _erase)
