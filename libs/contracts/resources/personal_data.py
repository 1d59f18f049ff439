"""What is kept about a client, as one file."""

from __future__ import annotations

from datetime import datetime

from contracts.resources.call import Call
from contracts.resources.client import Client
from contracts.resources.dispute import Dispute
from contracts.resources.inbox_message import InboxMessage
from contracts.resources.messages import Message
from contracts.resources.note import Note
from contracts.resources.output import ResponseModel
from contracts.resources.payment import Payment
from contracts.resources.promise import Promise
from contracts.resources.sale import Sale


class PersonalData(ResponseModel):
    """A client with everything that names it; each list newest first, `orders` what came into the sales inbox."""

    exported_at: datetime
    client: Client
    sales: list[Sale]
    payments: list[Payment]
    messages: list[Message]
    notes: list[Note]
    calls: list[Call]
    disputes: list[Dispute]
    promises: list[Promise]
    orders: list[InboxMessage]
