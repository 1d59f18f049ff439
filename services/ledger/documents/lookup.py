"""Find the document that a command names among what was read for it; what is not there, or another's, is not found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledger.books import Asked, Books
from ledger.documents.sale import Sale
from ledger.documents.standing import Standing
from ledger.errors import NotFound


def standing_of(asked: Asked[Any], books: Books, sale_id: UUID) -> Standing:
    """Where the document stands.

    Raises:
        NotFound: this account has none with this id.
    """
    standing = books.standings.get(asked.key(sale_id))
    if standing is None:
        raise NotFound("There is no sales document with this id.")
    return standing


def paper_of(asked: Asked[Any], books: Books, sale_id: UUID) -> Sale:
    """What is written on the document.

    Raises:
        NotFound: this account has none with this id.
    """
    paper = books.papers.get(asked.key(sale_id))
    if paper is None:
        raise NotFound("There is no sales document with this id.")
    return paper
