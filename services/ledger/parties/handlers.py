"""Decide the commands on clients: from `create_client` and its like to a row and its event."""

from __future__ import annotations

from typing import Any

from contracts.ids import new_id
from contracts.objects import ClientIn
from contracts.parties import ClientUpdate, ClientUpsert, OneThing
from ledger.books import Asked, Books, Changes, Happening, Needs
from ledger.decision import Decision
from ledger.errors import BadInput, Conflict, Fault, NotFound, StateForbids
from ledger.parties.rules import Client, Identity, archived, changed, identity_of, new_client
from ledger.quotas.counting import count, uncount


def need(asked: Asked[Any], given: ClientIn, needs: Needs) -> None:
    """Let be read what `found_or_made` asks for."""
    needs.identities.add((asked.account.id, identity_of(given)))
    needs.catalogue.usage.add((asked.account.id, "clients"))


def _create_needs(asked: Asked[ClientIn] | Asked[ClientUpsert], needs: Needs) -> None:
    if asked.input.external_id is not None:
        needs.identities.add((asked.account.id, Identity("external_id", asked.input.external_id)))
    needs.catalogue.usage.add((asked.account.id, "clients"))


def _create(asked: Asked[ClientIn] | Asked[ClientUpsert], books: Books) -> Changes:
    _check_external_id(asked, books, asked.input.external_id, of=None)
    client = made(asked, asked.input)
    changes = Changes(("client", client.id), http_status=201)
    add(asked, client, books, changes)
    return changes


CREATE_CLIENT = Decision(ClientIn, _create_needs, _create)


def _upsert_needs(asked: Asked[ClientUpsert], needs: Needs) -> None:
    _create_needs(asked, needs)
    if asked.input.on_conflict == "return":
        need(asked, asked.input, needs)


def _upsert(asked: Asked[ClientUpsert], books: Books) -> Changes:
    given = asked.input
    if given.on_conflict == "error":
        return _create(asked, books)
    if given.on_conflict == "update" and given.external_id is None:
        raise BadInput(faults=[Fault("external_id", "is required to tell which client is meant")])
    there = books.recall(asked.account.id, identity_of(given))
    if there is None:
        return _create(asked, books)
    if there.archived_at is not None:
        raise _archived(there, "external_id")
    changes = Changes(("client", there.id), http_status=200)
    if given.on_conflict == "update":
        _check_collector(given)
        change(there, changed(there, given, now=asked.now), changes)
    return changes


UPSERT_CLIENT = Decision(ClientUpsert, _upsert_needs, _upsert)


def _update_needs(asked: Asked[ClientUpdate], needs: Needs) -> None:
    needs.clients.add(asked.key(asked.input.id))
    if asked.input.external_id is not None:
        needs.identities.add((asked.account.id, Identity("external_id", asked.input.external_id)))
    if asked.input.archived is not None:
        needs.catalogue.usage.add((asked.account.id, "clients"))


def _update(asked: Asked[ClientUpdate], books: Books) -> Changes:
    there = named(asked, books, asked.input.id, path="id")
    _check_external_id(asked, books, asked.input.external_id, of=there)
    _check_collector(asked.input)
    after = changed(there, asked.input, now=asked.now)
    changes = Changes(("client", there.id), http_status=200)
    if there.archived_at is None and after.archived_at is not None:
        uncount(changes, "clients")
    elif there.archived_at is not None and after.archived_at is None:
        count(asked, books, changes, "clients")
    change(there, after, changes)
    return changes


UPDATE_CLIENT = Decision(ClientUpdate, _update_needs, _update)


def _remove_needs(asked: Asked[OneThing], needs: Needs) -> None:
    needs.clients.add(asked.key(asked.input.id))
    needs.references.add(asked.key(asked.input.id))
    needs.catalogue.usage.add((asked.account.id, "clients"))


def _remove(asked: Asked[OneThing], books: Books) -> Changes:
    client = named(asked, books, asked.input.id, path="id")
    referred = asked.key(client.id) in books.referred
    changes = Changes(None, http_status=200, subject_id=client.id)
    changes.said = {"id": str(client.id), "deleted": not referred, "archived": referred}
    if client.archived_at is None:
        uncount(changes, "clients")
    if not referred:
        changes.clients_removed.append(client)
    elif client.archived_at is None:
        change(client, archived(client, now=asked.now), changes)
    return changes


REMOVE_CLIENT = Decision(OneThing, _remove_needs, _remove)


def made(asked: Asked[Any], given: ClientIn, *, path: str = "") -> Client:
    """Make a client of what a command gives, which stands at `path` in its input.

    Raises:
        NotFound: the collector is not there.
    """
    _check_collector(given, path=path)
    return new_client(given, client_id=new_id(), account=asked.account, now=asked.now)


def found_or_made(asked: Asked[Any], given: ClientIn, books: Books, changes: Changes, *, path: str) -> Client:
    """The client that is meant by what a command gives, found by its identity or made within `changes`.

    Raises:
        StateForbids: it is archived; QuotaExceeded: it would be one too many; NotFound: the collector is not there.
    """
    there = books.recall(asked.account.id, identity_of(given))
    if there is None:
        client = made(asked, given, path=path)
        add(asked, client, books, changes)
        return client
    if there.archived_at is not None:
        raise _archived(there, f"{path}external_id")
    return there


def add(asked: Asked[Any], client: Client, books: Books, changes: Changes) -> None:
    """Let a new client and its event be part of `changes`, counted against the plan.

    Raises:
        QuotaExceeded: it would be one too many.
    """
    count(asked, books, changes, "clients")
    changes.clients.append(client)
    changes.happenings.append(Happening("client.created", "client", client.id, client.id))


def change(before: Client, after: Client, changes: Changes) -> None:
    """Let a client's change and its event be part of `changes`; nothing where nothing changes."""
    if after is not before:
        changes.clients_changed.append(after)
        changes.happenings.append(Happening("client.updated", "client", after.id, after.id))


def named(asked: Asked[Any], books: Books, client_id: Any, *, path: str = "client_id") -> Client:
    """The client that a command names by its id, archived or not.

    Raises:
        NotFound: this account has none with this id.
    """
    client = books.clients.get(asked.key(client_id))
    if client is None:
        raise NotFound(faults=[Fault(path, "is no client of this account")])
    return client


def named_for_document(asked: Asked[Any], books: Books, client_id: Any) -> Client:
    """The client of a new document.

    Raises:
        NotFound: this account has none with this id; StateForbids: it is archived.
    """
    client = named(asked, books, client_id)
    if client.archived_at is not None:
        raise _archived(client, "client_id")
    return client


def _archived(client: Client, path: str) -> StateForbids:
    fault = Fault(path, f"is that of the client {client.id}, which is archived: bring it back with archived: false")
    return StateForbids(code="client_archived", faults=[fault])


def _check_collector(given: ClientIn | ClientUpdate, *, path: str = "") -> None:
    if given.collector_id is not None:
        raise NotFound(faults=[Fault(f"{path}collector_id", "is no collector of this account")])


def _check_external_id(asked: Asked[Any], books: Books, external_id: str | None, *, of: Client | None) -> None:
    if external_id is None:
        return
    there = books.recall(asked.account.id, Identity("external_id", external_id))
    if there is not None and (of is None or there.id != of.id):
        note = ", which is archived" if there.archived_at is not None else ""
        fault = Fault("external_id", f"is that of the client {there.id}{note}")
        raise Conflict(code="external_id_taken", faults=[fault])
