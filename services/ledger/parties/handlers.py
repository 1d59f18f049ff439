"""Decide the commands on clients: from `create_client` to a row and its event."""

from __future__ import annotations

from typing import Any

from contracts.ids import new_id
from contracts.objects import ClientIn
from ledger.books import Asked, Books, Changes, Happening, Needs
from ledger.decision import Decision
from ledger.errors import Conflict, Fault, NotFound
from ledger.parties.rules import Client, Identity, identity_of, new_client


def _needs(asked: Asked[ClientIn], needs: Needs) -> None:
    if asked.input.external_id is not None:
        needs.identities.add((asked.account.id, Identity("external_id", asked.input.external_id)))


def _create(asked: Asked[ClientIn], books: Books) -> Changes:
    if asked.input.external_id is not None:
        there = books.found.get((asked.account.id, Identity("external_id", asked.input.external_id)))
        if there is not None:
            fault = Fault("external_id", f"is that of the client {there.id}")
            raise Conflict(code="external_id_taken", faults=[fault])
    client = made(asked, asked.input)
    changes = Changes(("client", client.id), http_status=201)
    add(client, changes)
    return changes


CREATE_CLIENT = Decision(ClientIn, _needs, _create)


def made(asked: Asked[Any], given: ClientIn, *, path: str = "") -> Client:
    """Make a client of what a command gives, which stands at `path` in its input.

    Raises:
        NotFound: the collector is not there.
    """
    if given.collector_id is not None:
        raise NotFound(faults=[Fault(f"{path}collector_id", "is no collector of this account")])
    return new_client(given, client_id=new_id(), account=asked.account, now=asked.now)


def found_or_made(asked: Asked[Any], given: ClientIn, books: Books, changes: Changes, *, path: str) -> Client:
    """The client that is meant by what a command gives, found by its identity or made within `changes`."""
    there = books.found.get((asked.account.id, identity_of(given)))
    if there is not None:
        return there
    client = made(asked, given, path=path)
    add(client, changes)
    return client


def add(client: Client, changes: Changes) -> None:
    """Let a new client and its event be part of `changes`."""
    changes.clients.append(client)
    changes.happenings.append(Happening("client.created", "client", client.id, client.id))


def named(asked: Asked[Any], books: Books, client_id: Any) -> Client:
    """The client that a command names by its id.

    Raises:
        NotFound: this account has none with this id.
    """
    client = books.clients.get(asked.key(client_id))
    if client is None:
        raise NotFound(faults=[Fault("client_id", "is no client of this account")])
    return client
