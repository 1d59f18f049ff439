"""What a batch reads, holds and changes of clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.clients.rules import Client, Identity, identities_of
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState, StaleBatch


@dataclass(slots=True)
class ClientPlan:
    """Which clients are to be read; of those in `references`, whether something refers to them."""

    ids: set[Key] = field(default_factory=set)
    identities: set[tuple[UUID, Identity]] = field(default_factory=set)
    references: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class ClientChanges:
    """What one command changes."""

    new: list[Client] = field(default_factory=list)
    changed: list[Client] = field(default_factory=list)
    removed: list[Client] = field(default_factory=list)


@dataclass(slots=True)
class LoadedClients:
    """Clients after the commands handled so far."""

    clients: dict[Key, Client] = field(default_factory=dict)
    found: dict[tuple[UUID, Identity], Client] = field(default_factory=dict)
    lost: set[tuple[UUID, Identity]] = field(default_factory=set)  # identities that a client no longer has
    referred: set[Key] = field(default_factory=set)  # clients to whom something refers

    def know(self, client: Client) -> None:
        """Index a client in its current state; of two with one identity, the first one stays."""
        self.discard(client.account_id, client.id)
        self.clients[client.account_id, client.id] = client
        for identity in identities_of(client):
            self.found.setdefault((client.account_id, identity), client)

    def discard(self, account_id: UUID, client_id: UUID) -> None:
        """Remove a client from the index."""
        before = self.clients.pop((account_id, client_id), None)
        for identity in identities_of(before) if before else ():
            found = self.found.get((account_id, identity))
            if found is not None and found.id == client_id:
                del self.found[account_id, identity]
                self.lost.add((account_id, identity))

    def recall(self, account_id: UUID, identity: Identity) -> Client | None:
        """The client with an identity.

        Raises:
            StaleBatch: a command of this batch changed the client that had it, and its new owner was not read.
        """
        found = self.found.get((account_id, identity))
        if found is None and (account_id, identity) in self.lost:
            raise StaleBatch
        return found


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Apply a command's changes to the loaded state."""
    mine, clients = changes[ClientChanges], state[LoadedClients]
    for client in (*mine.new, *mine.changed):
        clients.know(client)
    for client in mine.removed:
        clients.discard(ctx.account.id, client.id)
