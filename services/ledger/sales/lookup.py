"""Find the document that a command names among what was read for it; what is not there, or another's, is not found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from contracts.command_errors import NotFound
from ledger.sales.document_state import DocumentState
from ledger.sales.sale import Sale
from ledger.sales.state import LoadedSales
from ledger.unit_of_work.state import CommandContext, LoadedState


def state_of(ctx: CommandContext[Any], state: LoadedState, sale_id: UUID) -> DocumentState:
    """The document's state.

    Raises:
        NotFound: this account has none with this id.
    """
    document_state = state[LoadedSales].states.get(ctx.key(sale_id))
    if document_state is None:
        raise NotFound("There is no sales document with this id.")
    return document_state


def document_of(ctx: CommandContext[Any], state: LoadedState, sale_id: UUID) -> Sale:
    """What is written on the document.

    Raises:
        NotFound: this account has none with this id.
    """
    paper = state[LoadedSales].documents.get(ctx.key(sale_id))
    if paper is None:
        raise NotFound("There is no sales document with this id.")
    return paper
