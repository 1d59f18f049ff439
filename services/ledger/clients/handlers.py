"""Decide the commands on clients: from `create_client` and its like to a row and its event."""

from __future__ import annotations

from typing import Any

from contracts.command_errors import Conflict, InvalidInput, NotFound, StateForbids
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.resources.client import ClientIn, ClientUpdate, ClientUpsert
from contracts.resources.schemas import ByIdInput
from ledger.clients.rules import Client, Identity, archived, changed, identity_of, new_client
from ledger.clients.state import ClientChanges, ClientPlan, LoadedClients
from ledger.collections.collectors.state import CollectorPlan, LoadedCollectors
from ledger.quotas.counting import count, uncount
from ledger.quotas.state import UsagePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, LoadedState, ReadPlan


def need(ctx: CommandContext[Any], given: ClientIn, plan: ReadPlan) -> None:
    """Plan the reads of `found_or_made`."""
    plan[ClientPlan].identities.add((ctx.account.id, identity_of(given)))
    _need_collectors(ctx, given, plan)
    plan[UsagePlan].counters.add((ctx.account.id, "clients"))


def _need_collectors(ctx: CommandContext[Any], given: ClientIn | ClientUpdate, plan: ReadPlan) -> None:
    if given.collector_id is not None:
        plan[CollectorPlan].accounts.add(ctx.account.id)


def _create_needs(ctx: CommandContext[ClientIn] | CommandContext[ClientUpsert], plan: ReadPlan) -> None:
    _need_collectors(ctx, ctx.input, plan)
    if ctx.input.external_id is not None:
        plan[ClientPlan].identities.add((ctx.account.id, Identity("external_id", ctx.input.external_id)))
    plan[UsagePlan].counters.add((ctx.account.id, "clients"))


def _create(ctx: CommandContext[ClientIn] | CommandContext[ClientUpsert], state: LoadedState) -> ChangeSet:
    _check_external_id(ctx, state, ctx.input.external_id, of=None)
    client = made(ctx, ctx.input, state)
    changes = ChangeSet(("client", client.id), http_status=201)
    add(ctx, client, state, changes)
    return changes


CREATE_CLIENT = CommandHandler(ClientIn, _create_needs, _create)


def _upsert_needs(ctx: CommandContext[ClientUpsert], plan: ReadPlan) -> None:
    _create_needs(ctx, plan)
    if ctx.input.on_conflict == "return":
        need(ctx, ctx.input, plan)


def _upsert(ctx: CommandContext[ClientUpsert], state: LoadedState) -> ChangeSet:
    given = ctx.input
    if given.on_conflict == "error":
        return _create(ctx, state)
    if given.on_conflict == "update" and given.external_id is None:
        raise InvalidInput(faults=[FieldError("external_id", "is required to identify the client")])
    there = state[LoadedClients].recall(ctx.account.id, identity_of(given))
    if there is None:
        return _create(ctx, state)
    if there.archived_at is not None:
        raise _archived(there, "external_id")
    changes = ChangeSet(("client", there.id), http_status=200)
    if given.on_conflict == "update":
        _check_collector(ctx, state, given)
        change(there, changed(there, given, now=ctx.now), changes)
    return changes


UPSERT_CLIENT = CommandHandler(ClientUpsert, _upsert_needs, _upsert)


def _update_needs(ctx: CommandContext[ClientUpdate], plan: ReadPlan) -> None:
    plan[ClientPlan].ids.add(ctx.key(ctx.input.id))
    _need_collectors(ctx, ctx.input, plan)
    if ctx.input.external_id is not None:
        plan[ClientPlan].identities.add((ctx.account.id, Identity("external_id", ctx.input.external_id)))
    if ctx.input.archived is not None:
        plan[UsagePlan].counters.add((ctx.account.id, "clients"))


def _update(ctx: CommandContext[ClientUpdate], state: LoadedState) -> ChangeSet:
    there = named(ctx, state, ctx.input.id, path="id")
    _check_external_id(ctx, state, ctx.input.external_id, of=there)
    _check_collector(ctx, state, ctx.input)
    after = changed(there, ctx.input, now=ctx.now)
    changes = ChangeSet(("client", there.id), http_status=200)
    if there.archived_at is None and after.archived_at is not None:
        uncount(changes, "clients")
    elif there.archived_at is not None and after.archived_at is None:
        count(ctx, state, changes, "clients")
    change(there, after, changes)
    return changes


UPDATE_CLIENT = CommandHandler(ClientUpdate, _update_needs, _update)


def _remove_needs(ctx: CommandContext[ByIdInput], plan: ReadPlan) -> None:
    plan[ClientPlan].ids.add(ctx.key(ctx.input.id))
    plan[ClientPlan].references.add(ctx.key(ctx.input.id))
    plan[UsagePlan].counters.add((ctx.account.id, "clients"))


def _remove(ctx: CommandContext[ByIdInput], state: LoadedState) -> ChangeSet:
    client = named(ctx, state, ctx.input.id, path="id")
    referred = ctx.key(client.id) in state[LoadedClients].referred
    changes = ChangeSet(None, http_status=200, subject_id=client.id)
    changes.result_body = {"id": str(client.id), "deleted": not referred, "archived": referred}
    if client.archived_at is None:
        uncount(changes, "clients")
    if not referred:
        changes[ClientChanges].removed.append(client)
    elif client.archived_at is None:
        change(client, archived(client, now=ctx.now), changes)
    return changes


REMOVE_CLIENT = CommandHandler(ByIdInput, _remove_needs, _remove)


def made(ctx: CommandContext[Any], given: ClientIn, state: LoadedState, *, path: str = "") -> Client:
    """Make a client of what a command gives, which stands at `path` in its input.

    Raises:
        NotFound: the collector is unknown.
    """
    _check_collector(ctx, state, given, path=path)
    return new_client(given, client_id=new_id(), account=ctx.account, now=ctx.now)


def found_or_made(
    ctx: CommandContext[Any], given: ClientIn, state: LoadedState, changes: ChangeSet, *, path: str
) -> Client:
    """Find the client of a command's input by its identity, or create it within `changes`.

    Raises:
        StateForbids: it is archived; QuotaExceeded: it would be one too many; NotFound: the collector is unknown.
    """
    there = state[LoadedClients].recall(ctx.account.id, identity_of(given))
    if there is None:
        client = made(ctx, given, state, path=path)
        add(ctx, client, state, changes)
        return client
    if there.archived_at is not None:
        raise _archived(there, f"{path}external_id")
    return there


def add(ctx: CommandContext[Any], client: Client, state: LoadedState, changes: ChangeSet) -> None:
    """Add a new client and its event to `changes`, counted against the plan.

    Raises:
        QuotaExceeded: it would be one too many.
    """
    count(ctx, state, changes, "clients")
    changes[ClientChanges].new.append(client)
    changes.domain_events.append(DomainEvent("client.created", "client", client.id, client.id))


def change(before: Client, after: Client, changes: ChangeSet) -> None:
    """Add a client's change and its event to `changes`; nothing if the client is unchanged."""
    if after is not before:
        changes[ClientChanges].changed.append(after)
        changes.domain_events.append(DomainEvent("client.updated", "client", after.id, after.id))


def named(ctx: CommandContext[Any], state: LoadedState, client_id: Any, *, path: str = "client_id") -> Client:
    """The client that a command names by its id, archived or not.

    Raises:
        NotFound: this account has none with this id.
    """
    client = state[LoadedClients].clients.get(ctx.key(client_id))
    if client is None:
        raise NotFound(faults=[FieldError(path, "unknown client")])
    return client


def named_for_document(ctx: CommandContext[Any], state: LoadedState, client_id: Any) -> Client:
    """The client of a new document.

    Raises:
        NotFound: this account has none with this id; StateForbids: it is archived.
    """
    client = named(ctx, state, client_id)
    if client.archived_at is not None:
        raise _archived(client, "client_id")
    return client


def _archived(client: Client, path: str) -> StateForbids:
    fault = FieldError(
        path, f"is that of the client {client.id}, which is archived: bring it back with archived: false"
    )
    return StateForbids(code="client_archived", faults=[fault])


def _check_collector(
    ctx: CommandContext[Any], state: LoadedState, given: ClientIn | ClientUpdate, *, path: str = ""
) -> None:
    if given.collector_id is None:
        return
    there = state[LoadedCollectors].of_accounts[ctx.account.id].get(given.collector_id)
    if there is None or there.deleted_at is not None:
        raise NotFound(faults=[FieldError(f"{path}collector_id", "unknown collector")])


def _check_external_id(
    ctx: CommandContext[Any], state: LoadedState, external_id: str | None, *, of: Client | None
) -> None:
    if external_id is None:
        return
    there = state[LoadedClients].recall(ctx.account.id, Identity("external_id", external_id))
    if there is not None and (of is None or there.id != of.id):
        note = ", which is archived" if there.archived_at is not None else ""
        fault = FieldError("external_id", f"is that of the client {there.id}{note}")
        raise Conflict(code="external_id_taken", faults=[fault])
