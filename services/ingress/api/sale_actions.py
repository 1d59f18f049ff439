"""`/v1/sales/{id}` and its verbs: transitions of a sales document, each one command to the ledger."""

from __future__ import annotations

from typing import Final

from contracts.resources.sale import Sale, SalePatch
from contracts.resources.schemas import Model
from contracts.resources.transitions import (
    AllocateIn,
    ConvertIn,
    DatedReasonIn,
    ReasonIn,
    RefundIn,
    SendIn,
    UnallocateIn,
    UnrefundIn,
)
from contracts.wire import commands
from ingress.api.resource_handlers import changing
from ingress.http.route import Route

_SALE: Final = "/v1/sales/{id}"


def _verb(name: str, command: str, summary: str, body: type[Model] | None = None, *, status: int = 200) -> Route:
    verb = name.partition("-")[0] + name.partition("-")[2].title()  # write-off: writeOff
    return Route(
        "POST", f"{_SALE}/{name}", f"{verb}Sale", changing(command), "write", summary,
        body=body, response_model=Sale, status=status, tag="sales",
    )  # fmt: skip


ROUTES = (
    Route(
        "PATCH", _SALE, "updateSale", changing(commands.UPDATE_SALE),
        "write", "Change a draft: the fields that are sent",
        body=SalePatch, response_model=Sale, tag="sales",
    ),
    Route(
        "DELETE", _SALE, "deleteSale", changing(commands.DELETE_SALE), "write",
        "Delete a draft", response_model=Sale, tag="sales",
    ),
    _verb("issue", commands.ISSUE_SALE, "Issue a draft: it gets its number and is posted"),
    _verb("send", commands.SEND_SALE, "Send a document to its client by mail, as PDF", SendIn),
    _verb("void", commands.VOID_SALE, "Void a document; its number stays used", DatedReasonIn),
    _verb("write-off", commands.WRITE_OFF_SALE, "Write off what is open of an invoice", DatedReasonIn),
    _verb("write-back", commands.WRITE_BACK_SALE, "Reverse a write-off", DatedReasonIn),
    _verb("accept", commands.ACCEPT_SALE, "The client accepts a quote", ReasonIn),
    _verb("decline", commands.DECLINE_SALE, "The client declines a quote", ReasonIn),
    _verb("expire", commands.EXPIRE_SALE, "A quote or proforma is no longer valid", ReasonIn),
    _verb("close", commands.CLOSE_SALE, "An order is carried out", ReasonIn),
    _verb("cancel", commands.CANCEL_SALE, "Cancel an order that is not invoiced", ReasonIn),
    _verb("convert", commands.CONVERT_SALE, "Make the next document of this one", ConvertIn, status=201),
    _verb("allocate", commands.ALLOCATE_CREDIT, "Settle invoices with a credit note", AllocateIn),
    _verb("unallocate", commands.UNALLOCATE_CREDIT, "Remove a credit note's allocations", UnallocateIn),
    _verb("refund", commands.REFUND_CREDIT, "Refund what is left of a credit note", RefundIn),
    _verb("unrefund", commands.UNREFUND_CREDIT, "Cancel a refund of a credit note", UnrefundIn),
)  # fmt: skip
