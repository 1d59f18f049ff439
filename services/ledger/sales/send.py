"""The wish that a document goes to its client: kept here, carried out elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A row of `ledger.send_request`; what is None follows from the document and its client."""

    id: UUID
    sale_id: UUID
    recipient: str | None
    subject: str | None
    body: str | None
