"""Decide `accept_inbox_message` and `reject_inbox_message`: a message is decided once, by the first command.

A sales message becomes a draft (issued, if requested) of a client found or created: the same decision as `create_sale`,
within the same changes. A purchase becomes its supplier's bill. A refusal leaves the message unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from contracts.command_errors import CommandError, Conflict, InvalidInput, NotFound, StateForbids
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError, field_errors
from contracts.resources.inbox import MessageWarning, message_warning
from contracts.resources.inbox_message import AcceptMessage, RejectMessage
from contracts.resources.sale import SaleIn
from contracts.resources.schemas import Address
from contracts.resources.supplier import SupplierIn
from ledger.bills import bill as bills
from ledger.bills.bill import Bill, ParsedBill
from ledger.bills.state import BillChanges, BillPlan, LoadedBills
from ledger.errors import QuotaExceeded
from ledger.inbox import draft_from_message
from ledger.inbox.agreement import disagreements
from ledger.inbox.document import Document, Party, read
from ledger.inbox.draft_from_message import Mapped, mapped
from ledger.inbox.state import InboxChanges, InboxEntry, InboxPlan, LoadedInbox, Verdict
from ledger.journal.booking import Booking
from ledger.journal.state import JournalChanges
from ledger.sales import create as documents
from ledger.sales import issue as issuing
from ledger.sales.sale import Sale
from ledger.sales.state import LoadedSales, SaleChanges
from ledger.suppliers import handlers as suppliers
from ledger.suppliers.rules import Supplier
from ledger.suppliers.state import LoadedSuppliers, SupplierPlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, LoadedState, ReadPlan

T = TypeVar("T")


def need_message(ctx: CommandContext[Any], plan: ReadPlan) -> None:
    """Plan the read of the command's message."""
    plan[InboxPlan].messages.add(ctx.key(ctx.input.id))


def need_for(ctx: CommandContext[AcceptMessage], message: InboxEntry, state: LoadedState, plan: ReadPlan) -> None:
    """Plan the reads of an acceptance; errors in the message are reported when it is decided."""
    try:
        document = read(message.document, ctx.input.document)
        if message.box == "sales":
            _need_sale(_asked_sale(ctx, mapped(document, message.comment, ctx.input).sale), state, plan)
        else:
            _need_bill(ctx, document, plan)
    except InvalidInput:
        return


def _need_sale(inner: CommandContext[SaleIn], state: LoadedState, plan: ReadPlan) -> None:
    documents.CREATE_SALE.plan(inner, plan)
    if documents.CREATE_SALE.then is not None:
        documents.CREATE_SALE.then(inner, state, plan)


def _need_bill(ctx: CommandContext[AcceptMessage], document: Document, plan: ReadPlan) -> None:
    if document.document_ref:
        plan[BillPlan].references.add((ctx.account.id, document.document_ref))
    if ctx.input.supplier_id is not None:
        plan[SupplierPlan].ids.add(ctx.key(ctx.input.supplier_id))
    else:
        suppliers.need(ctx, _supplier_in(document, []), plan)


def _then(ctx: CommandContext[AcceptMessage], state: LoadedState, plan: ReadPlan) -> None:
    message = state[LoadedInbox].messages.get(ctx.key(ctx.input.id))
    if message is not None:
        need_for(ctx, message, state, plan)


def message_of(ctx: CommandContext[AcceptMessage] | CommandContext[RejectMessage], state: LoadedState) -> InboxEntry:
    """The message that a command is about.

    Raises:
        NotFound: this account has none with this id in this box.
    """
    message = state[LoadedInbox].messages.get(ctx.key(ctx.input.id))
    if message is None or message.box != ctx.input.box:
        raise NotFound("There is no message with this id in this inbox.")
    return message


def accept(ctx: CommandContext[AcceptMessage], state: LoadedState) -> ChangeSet:
    """Accept a message.

    Raises:
        StateForbids: it is accepted or rejected already; Conflict: its document is recorded already; InvalidInput, and
        the refusals of creating a client and a document.
    """
    message = message_of(ctx, state)
    _check_undecided(message)
    relative_id = state[LoadedInbox].relative_in_books(message)
    if relative_id is not None and not ctx.input.despite_duplicate:
        detail = f"The message {relative_id}, with other content under the same reference, is accepted."
        raise Conflict(f"{detail} Accept this one too with despite_duplicate.", code="duplicate_accepted")
    document = read(message.document, ctx.input.document)
    handle = _accept_sale if message.box == "sales" else _accept_purchase
    changes = handle(ctx, message, document, state)
    changes.result_entity, changes.http_status = ("inbox_message", message.id), 200
    changes.domain_events.append(_decided("inbox.accepted", message))
    return changes


ACCEPT_MESSAGE = CommandHandler(AcceptMessage, need_message, accept, _then)


def _reject(ctx: CommandContext[RejectMessage], state: LoadedState) -> ChangeSet:
    message = message_of(ctx, state)
    _check_undecided(message)
    changes = ChangeSet(("inbox_message", message.id), http_status=200)
    changes[InboxChanges].verdicts.append(
        Verdict(message.id, "rejected", ctx.input.by, ctx.input.reason, decided_at=ctx.now)
    )
    changes.domain_events.append(_decided("inbox.rejected", message))
    return changes


def _decided(trigger: str, message: InboxEntry) -> DomainEvent:
    return DomainEvent(trigger, "inbox_message", message.id, None)


REJECT_MESSAGE = CommandHandler(RejectMessage, need_message, _reject)


def _check_undecided(message: InboxEntry) -> None:
    if message.state not in {"received", "duplicate"}:
        raise StateForbids(f"This message is {message.state} already.", code=f"already_{message.state}")


def _accept_sale(
    ctx: CommandContext[AcceptMessage], message: InboxEntry, document: Document, state: LoadedState
) -> ChangeSet:
    made = mapped(document, message.comment, ctx.input)
    sale_in, notes = _with_free_external_id(ctx, made, state)
    as_draft = sale_in.model_copy(update={"issue": False})
    changes = _in_message(lambda: documents.CREATE_SALE.handle(_asked_sale(ctx, as_draft), state))
    sale = drafted(changes)
    unlike = disagreements(document, sale)
    notes += unlike
    if sale_in.issue and unlike:
        detail = "stays a draft although it was to be issued: its amounts differ from the message's"
        notes.append(message_warning("not_issued", "", detail))
    elif sale_in.issue:
        _in_message(lambda: issuing.issue_within(changes, sale, changes[SaleChanges].states[sale.id], ctx, state))
    result = {"client_id": str(sale.client_id), "sale_id": str(sale.id)}
    changes[InboxChanges].verdicts.append(
        Verdict(message.id, "accepted", ctx.input.by, result=result, notes=(*made.notes, *notes), decided_at=ctx.now)
    )
    return changes


def drafted(changes: ChangeSet) -> Sale:
    """The document that accepting a sales message has made."""
    (sale,) = changes[SaleChanges].documents.values()
    return sale


def _asked_sale(ctx: CommandContext[AcceptMessage], sale: SaleIn) -> CommandContext[SaleIn]:
    return CommandContext(ctx.envelope, sale, ctx.account, ctx.now)


def _with_free_external_id(
    ctx: CommandContext[AcceptMessage], made: Mapped, state: LoadedState
) -> tuple[SaleIn, list[MessageWarning]]:
    """The order's reference becomes the document's external id unless another document has it."""
    sale = made.sale
    there = state[LoadedSales].external_ids.get((ctx.account.id, sale.sale_type, sale.external_id or ""))
    if not made.implied_id or there is None:
        return sale, []
    detail = f"is the external id of the {sale.sale_type} {there}: this one has none"
    note = message_warning("adapted", "document.document_ref", detail)
    return sale.model_copy(update={"external_id": None}), [note]


def _in_message(handle: Callable[[], T]) -> T:
    """Decide, with the paths of what is refused where the message has it."""
    try:
        return handle()
    except QuotaExceeded:
        raise
    except CommandError as refusal:
        if not refusal.faults:
            raise
        raise type(refusal)(code=refusal.problem_code, faults=draft_from_message.remapped(refusal.faults)) from None


def _accept_purchase(
    ctx: CommandContext[AcceptMessage], message: InboxEntry, document: Document, state: LoadedState
) -> ChangeSet:
    changes, notes = ChangeSet(("inbox_message", message.id)), list[MessageWarning]()
    parsed, supplier = _parse_and_find_supplier(ctx, document, state, changes, notes)
    there = state[LoadedBills].by_reference.get((ctx.account.id, supplier.id, parsed.document_ref))
    if there is not None and not ctx.input.despite_duplicate:
        fault = FieldError("document.document_ref", f"is that of the supplier's bill {there}")
        raise Conflict(code="bill_exists", faults=[fault])
    bill = _bill(ctx, message, parsed, supplier)
    changes[BillChanges].recorded.append(bill)
    if (entry := bill.entry()) is not None and entry.postings:
        changes[JournalChanges].bookings.append(Booking(entry, bill.id, bill.document_date))
    result = {"supplier_id": str(supplier.id), "bill_id": str(bill.id)}
    changes[InboxChanges].verdicts.append(
        Verdict(message.id, "accepted", ctx.input.by, result=result, notes=tuple(notes), decided_at=ctx.now)
    )
    return changes


def _parse_and_find_supplier(
    ctx: CommandContext[AcceptMessage],
    document: Document,
    state: LoadedState,
    changes: ChangeSet,
    notes: list[MessageWarning],
) -> tuple[ParsedBill, Supplier]:
    """The bill and its supplier; the errors of both are reported together."""
    faults: list[FieldError] = []
    parsed, given = None, None
    try:
        parsed = bills.parse_bill(document, account=ctx.account, today=ctx.today)
    except InvalidInput as refusal:
        faults.extend(refusal.faults)
    if ctx.input.supplier_id is None:
        try:
            given = _supplier_in(document, notes)
        except InvalidInput as refusal:
            faults.extend(refusal.faults)
    if faults or parsed is None:
        raise InvalidInput(faults=faults)
    if given is not None:
        return parsed, suppliers.found_or_made(ctx, given, state, changes)
    supplier = state[LoadedSuppliers].by_id.get(ctx.key(ctx.input.supplier_id)) if ctx.input.supplier_id else None
    if supplier is None:
        raise NotFound(faults=[FieldError("supplier_id", "unknown supplier")])
    return parsed, supplier


def _supplier_in(document: Document, notes: list[MessageWarning]) -> SupplierIn:
    """The supplier of the document; an invalid address or number is left out with a warning.

    Raises:
        InvalidInput: it has no name, or an identifying field is invalid.
    """
    party = document.supplier or Party()
    given: dict[str, Any] = {
        name: value
        for name in ("name", "reg_number", "tax_number", "email", "phone")
        if (value := getattr(party, name)) is not None and value != ""
    }
    if party.vat_number and "tax_number" not in given:
        given["tax_number"] = party.vat_number
    if party.address is not None:
        given["address"] = draft_from_message.address_of(party.address, "document.supplier.address", notes)
        notes += _unfit(given)
    try:
        return SupplierIn.model_validate(given)
    except ValidationError as error:
        faults = [FieldError(f"document.supplier.{fault.path}", fault.message) for fault in field_errors(error)]
        raise InvalidInput(faults=faults) from None


def _unfit(given: dict[str, Any]) -> list[MessageWarning]:
    """Remove an invalid address; return why."""
    try:
        Address.model_validate(given["address"])
    except ValidationError as error:
        del given["address"]
        return [
            message_warning(
                "adapted",
                f"document.supplier.address.{fault.path}",
                f"was left out with the address: it {fault.message}",
            )
            for fault in field_errors(error)
        ]
    return []


def _bill(ctx: CommandContext[AcceptMessage], message: InboxEntry, parsed: ParsedBill, supplier: Supplier) -> Bill:
    document, amounts = parsed.document, parsed.amounts
    return Bill(
        account_id=ctx.account.id,
        id=new_id(),
        document_type=bills.type_of(document),
        document_ref=parsed.document_ref,
        supplier_id=supplier.id,
        supplier={
            name: getattr(supplier, name) for name in ("name", "reg_number", "tax_number", "email", "phone", "address")
        },
        document_date=parsed.document_date,
        date_due=parsed.date_due,
        currency=parsed.currency,
        pay_term=None if document.pay_term is None else document.pay_term.model_dump(),
        include_tax=document.include_tax,
        lines=bills.lines_of(parsed),
        adjustments=bills.adjustments_of(parsed),
        shipping_minor=amounts.shipping,
        net_minor=amounts.net,
        tax_minor=amounts.tax,
        total_minor=amounts.total,
        prepaid_minor=amounts.prepaid,
        rounding_minor=amounts.rounding,
        payable_minor=amounts.payable,
        comment=ctx.input.comment or message.comment,
        links=message.links,
        file=message.file,
        message_id=message.id,
        taxes=bills.taxes_of(parsed),
        payment_method=bills.payment_method_of(document),
        payment_means=[one.model_dump() for one in document.payment_means],
        attachments=message.attachments,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
