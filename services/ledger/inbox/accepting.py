"""Decide what becomes of a message: accepted into the books or rejected, once, by whoever is first.

A sales message becomes a draft (issued, if asked) of a client found or made: the same decision as `create_sale`, within
the same changes. A purchase becomes its supplier's bill. What is refused leaves the message as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from contracts.ids import new_id
from contracts.inboxes import AcceptMessage, MessageWarning, RejectMessage, message_warning
from contracts.objects import Address, SaleIn
from contracts.parties import SupplierIn
from contracts.problem import Fault, faults_of
from ledger.bills import bill as bills
from ledger.bills.bill import Bill, Told
from ledger.books import Asked, Books, Changes, Needs
from ledger.decision import Decision
from ledger.documents import handlers as documents
from ledger.documents import issuing
from ledger.documents.sale import Sale
from ledger.errors import BadInput, Conflict, LedgerRefusal, NotFound, QuotaExceeded, StateForbids
from ledger.inbox import drafting
from ledger.inbox.agreement import disagreements
from ledger.inbox.document import Document, Party, read
from ledger.inbox.drafting import Mapped, mapped
from ledger.inbox.shelf import Held, Verdict
from ledger.suppliers import handlers as suppliers
from ledger.suppliers.rules import Supplier

T = TypeVar("T")


def need_message(asked: Asked[Any], needs: Needs) -> None:
    """Let the message that a command names be read."""
    needs.inbox.messages.add(asked.key(asked.input.id))


def need_for(asked: Asked[AcceptMessage], message: Held, books: Books, needs: Needs) -> None:
    """Let be read what accepting a message takes; what is wrong with it is told when it is decided."""
    try:
        document = read(message.document, asked.input.document)
        if message.box == "sales":
            _need_sale(_asked_sale(asked, mapped(document, message.comment, asked.input).sale), books, needs)
        else:
            _need_bill(asked, document, needs)
    except BadInput:
        return


def _need_sale(inner: Asked[SaleIn], books: Books, needs: Needs) -> None:
    documents.CREATE_SALE.needs(inner, needs)
    if documents.CREATE_SALE.then is not None:
        documents.CREATE_SALE.then(inner, books, needs)


def _need_bill(asked: Asked[AcceptMessage], document: Document, needs: Needs) -> None:
    if document.document_ref:
        needs.inbox.bill_references.add((asked.account.id, document.document_ref))
    if asked.input.supplier_id is not None:
        needs.inbox.suppliers.add(asked.key(asked.input.supplier_id))
    else:
        suppliers.need(asked, _supplier_in(document, []), needs)


def _then(asked: Asked[AcceptMessage], books: Books, needs: Needs) -> None:
    message = books.inbox.messages.get(asked.key(asked.input.id))
    if message is not None:
        need_for(asked, message, books, needs)


def message_of(asked: Asked[AcceptMessage] | Asked[RejectMessage], books: Books) -> Held:
    """The message that a command is about.

    Raises:
        NotFound: this account has none with this id in this box.
    """
    message = books.inbox.messages.get(asked.key(asked.input.id))
    if message is None or message.box != asked.input.box:
        raise NotFound("There is no message with this id in this inbox.")
    return message


def accept(asked: Asked[AcceptMessage], books: Books) -> Changes:
    """Take a message into the books.

    Raises:
        StateForbids: it is accepted or rejected already; Conflict: what it says is in the books already; BadInput, and
        whatever else making a client and a document may be refused with.
    """
    message = message_of(asked, books)
    _check_undecided(message)
    relative_id = books.inbox.relative_in_books(message)
    if relative_id is not None and not asked.input.despite_duplicate:
        said = f"The message {relative_id}, with other content under the same reference, is accepted."
        raise Conflict(f"{said} Accept this one too with despite_duplicate.", code="duplicate_accepted")
    document = read(message.document, asked.input.document)
    decide = _accept_sale if message.box == "sales" else _accept_purchase
    changes = decide(asked, message, document, books)
    changes.shown, changes.http_status = ("inbox_message", message.id), 200
    return changes


ACCEPT_MESSAGE = Decision(AcceptMessage, need_message, accept, _then)


def _reject(asked: Asked[RejectMessage], books: Books) -> Changes:
    message = message_of(asked, books)
    _check_undecided(message)
    changes = Changes(("inbox_message", message.id), http_status=200)
    changes.inbox.verdicts.append(
        Verdict(message.id, "rejected", asked.input.by, asked.input.reason, decided_at=asked.now)
    )
    return changes


REJECT_MESSAGE = Decision(RejectMessage, need_message, _reject)


def _check_undecided(message: Held) -> None:
    if message.state not in {"received", "duplicate"}:
        raise StateForbids(f"This message is {message.state} already.", code=f"already_{message.state}")


def _accept_sale(asked: Asked[AcceptMessage], message: Held, document: Document, books: Books) -> Changes:
    made = mapped(document, message.comment, asked.input)
    sale_in, notes = _with_free_external_id(asked, made, books)
    as_draft = sale_in.model_copy(update={"issue": False})
    changes = _in_message(lambda: documents.CREATE_SALE.decide(_asked_sale(asked, as_draft), books))
    sale = drafted(changes)
    unlike = disagreements(document, sale)
    notes += unlike
    if sale_in.issue and unlike:
        said = "was to be issued and stays a draft, because it does not come to what the message states"
        notes.append(message_warning("not_issued", "", said))
    elif sale_in.issue:
        _in_message(lambda: issuing.issue_within(changes, sale, changes.standings[sale.id], asked, books))
    result = {"client_id": str(sale.client_id), "sale_id": str(sale.id)}
    changes.inbox.verdicts.append(
        Verdict(
            message.id, "accepted", asked.input.by, result=result, notes=(*made.notes, *notes), decided_at=asked.now
        )
    )
    return changes


def drafted(changes: Changes) -> Sale:
    """The document that accepting a sales message has made."""
    (sale,) = changes.sales.values()
    return sale


def _asked_sale(asked: Asked[AcceptMessage], sale: SaleIn) -> Asked[SaleIn]:
    return Asked(asked.envelope, sale, asked.account, asked.now)


def _with_free_external_id(
    asked: Asked[AcceptMessage], made: Mapped, books: Books
) -> tuple[SaleIn, list[MessageWarning]]:
    """The order's reference is the document's external id unless another document has it: it was not given as one."""
    sale = made.sale
    there = books.sale_external_ids.get((asked.account.id, sale.sale_type, sale.external_id or ""))
    if not made.implied_id or there is None:
        return sale, []
    said = f"is the external id of the {sale.sale_type} {there}: this one has none"
    note = message_warning("adapted", "document.document_ref", said)
    return sale.model_copy(update={"external_id": None}), [note]


def _in_message(decide: Callable[[], T]) -> T:
    """Decide, with the paths of what is refused where the message has it."""
    try:
        return decide()
    except QuotaExceeded:
        raise
    except LedgerRefusal as refusal:
        if not refusal.faults:
            raise
        raise type(refusal)(code=refusal.problem_code, faults=drafting.remapped(refusal.faults)) from None


def _accept_purchase(asked: Asked[AcceptMessage], message: Held, document: Document, books: Books) -> Changes:
    changes, notes = Changes(("inbox_message", message.id)), list[MessageWarning]()
    told, supplier = _told(asked, document, books, changes, notes)
    there = books.inbox.bills.get((asked.account.id, supplier.id, told.document_ref))
    if there is not None and not asked.input.despite_duplicate:
        fault = Fault("document.document_ref", f"is that of the supplier's bill {there}")
        raise Conflict(code="bill_exists", faults=[fault])
    bill = _bill(asked, message, told, supplier)
    changes.inbox.bills.append(bill)
    result = {"supplier_id": str(supplier.id), "bill_id": str(bill.id)}
    changes.inbox.verdicts.append(
        Verdict(message.id, "accepted", asked.input.by, result=result, notes=tuple(notes), decided_at=asked.now)
    )
    return changes


def _told(
    asked: Asked[AcceptMessage], document: Document, books: Books, changes: Changes, notes: list[MessageWarning]
) -> tuple[Told, Supplier]:
    """What the bill says and whose it is; what is wrong with both is told at once."""
    faults: list[Fault] = []
    told, given = None, None
    try:
        told = bills.told(document, account=asked.account, today=asked.today)
    except BadInput as refusal:
        faults.extend(refusal.faults)
    if asked.input.supplier_id is None:
        try:
            given = _supplier_in(document, notes)
        except BadInput as refusal:
            faults.extend(refusal.faults)
    if faults or told is None:
        raise BadInput(faults=faults)
    if given is not None:
        return told, suppliers.found_or_made(asked, given, books, changes)
    supplier = books.inbox.suppliers.get(asked.key(asked.input.supplier_id)) if asked.input.supplier_id else None
    if supplier is None:
        raise NotFound(faults=[Fault("supplier_id", "is no supplier of this account")])
    return told, supplier


def _supplier_in(document: Document, notes: list[MessageWarning]) -> SupplierIn:
    """The supplier as the document tells of it; an address or number that does not fit is left out and noted.

    Raises:
        BadInput: it has no name, or what tells it from others does not fit.
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
        given["address"] = drafting.address_of(party.address, "document.supplier.address", notes)
        notes += _unfit(given)
    try:
        return SupplierIn.model_validate(given)
    except ValidationError as error:
        faults = [Fault(f"document.supplier.{fault.path}", fault.message) for fault in faults_of(error)]
        raise BadInput(faults=faults) from None


def _unfit(given: dict[str, Any]) -> list[MessageWarning]:
    """Take an address away that does not fit; tell why."""
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
            for fault in faults_of(error)
        ]
    return []


def _bill(asked: Asked[AcceptMessage], message: Held, told: Told, supplier: Supplier) -> Bill:
    document, amounts = told.document, told.amounts
    return Bill(
        account_id=asked.account.id,
        id=new_id(),
        document_type=bills.type_of(document),
        document_ref=told.document_ref,
        supplier_id=supplier.id,
        supplier={
            name: getattr(supplier, name) for name in ("name", "reg_number", "tax_number", "email", "phone", "address")
        },
        document_date=told.document_date,
        date_due=told.date_due,
        currency=told.currency,
        pay_term=None if document.pay_term is None else document.pay_term.model_dump(),
        include_tax=document.include_tax,
        lines=bills.lines_of(told),
        adjustments=bills.adjustments_of(told),
        shipping_minor=amounts.shipping,
        net_minor=amounts.net,
        tax_minor=amounts.tax,
        total_minor=amounts.total,
        prepaid_minor=amounts.prepaid,
        rounding_minor=amounts.rounding,
        payable_minor=amounts.payable,
        comment=asked.input.comment or message.comment,
        links=message.links,
        file=message.file,
        message_id=message.id,
        created_at=asked.now,
        updated_at=asked.now,
    )
