"""Write an invoice of EN 16931 as UBL 2.1, in the form of Peppol BIS Billing 3, in the order of the UBL schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from documents.en16931.from_sale import invoice_of
from documents.en16931.model import (
    CREDIT_NOTE,
    PROCESS,
    SPECIFICATIONS,
    UNIT_PROPERTY,
    AllowanceCharge,
    Invoice,
    Line,
    Party,
    TaxRow,
    Vat,
)
from documents.xml_writer import document, element, group

_URN: Final = "urn:oasis:names:specification:ubl:schema:xsd"
_VAT: Final = group("cac:TaxScheme", element("cbc:ID", "VAT"))


def write_ubl(sale: Mapping[str, Any], seller: Mapping[str, Any]) -> bytes:
    """Write a sale, as `GET /v1/sales/{id}` gives it, as a Peppol BIS Billing 3 invoice or credit note.

    Raises:
        NotWritable: as `documents.en16931.from_sale.invoice_of`.
    """
    return ubl_of(invoice_of(sale, seller, "peppol"))


def ubl_of(invoice: Invoice) -> bytes:
    """Write the model as UBL in UTF-8."""
    root = "CreditNote" if invoice.type_code == CREDIT_NOTE else "Invoice"
    money = _Money(invoice.currency)
    return document(
        root,
        *_header(invoice, root),
        group("cac:AccountingSupplierParty", _party(invoice.seller, is_seller=True)),
        group("cac:AccountingCustomerParty", _party(invoice.buyer, is_seller=False)),
        _delivery(invoice),
        *_payment(invoice, root),
        *(money.change(change) for change in invoice.changes),
        group(
            "cac:TaxTotal",
            money.amount("cbc:TaxAmount", invoice.tax),
            *(money.tax_row(row) for row in invoice.taxes),
        ),
        _totals(invoice, money),
        *(money.line(line, root) for line in invoice.lines),
        xmlns=f"{_URN}:{root}-2",
        xmlns_cac=f"{_URN}:CommonAggregateComponents-2",
        xmlns_cbc=f"{_URN}:CommonBasicComponents-2",
    )


def _header(invoice: Invoice, root: str) -> Iterator[str]:
    yield element("cbc:CustomizationID", SPECIFICATIONS[invoice.profile])
    yield element("cbc:ProfileID", PROCESS)
    yield element("cbc:ID", invoice.number)
    yield element("cbc:IssueDate", invoice.issue_date)
    if root == "Invoice":
        yield element("cbc:DueDate", invoice.due_date)
    yield element(f"cbc:{root}TypeCode", invoice.type_code)
    yield element("cbc:Note", invoice.note)
    yield element("cbc:DocumentCurrencyCode", invoice.currency)
    yield element("cbc:BuyerReference", invoice.buyer_reference)
    preceding = group("cac:InvoiceDocumentReference", element("cbc:ID", invoice.preceding))
    yield group("cac:BillingReference", preceding)


def _party(party: Party, *, is_seller: bool) -> str:
    scheme, identifier = party.endpoint or (None, None)
    return group(
        "cac:Party",
        element("cbc:EndpointID", identifier, schemeID=scheme),
        group("cac:PartyName", element("cbc:Name", party.name)),
        _address(party),
        group("cac:PartyTaxScheme", element("cbc:CompanyID", party.vat_number), _VAT) if party.vat_number else "",
        group(
            "cac:PartyLegalEntity",
            element("cbc:RegistrationName", party.name),
            element("cbc:CompanyID", party.reg_number),
        ),
        group(
            "cac:Contact",
            element("cbc:Name", party.name if is_seller and (party.phone or party.email) else None),
            element("cbc:Telephone", party.phone),
            element("cbc:ElectronicMail", party.email),
        ),
    )


def _address(party: Party) -> str:
    return group(
        "cac:PostalAddress",
        element("cbc:StreetName", party.street),
        element("cbc:CityName", party.city),
        element("cbc:PostalZone", party.postal_code),
        element("cbc:CountrySubentity", party.region),
        group("cac:Country", element("cbc:IdentificationCode", party.country)),
    )


def _delivery(invoice: Invoice) -> str:
    if (delivery := invoice.delivery) is None:
        return ""
    return group(
        "cac:Delivery",
        element("cbc:ActualDeliveryDate", delivery.date),
        group(
            "cac:DeliveryLocation",
            group(
                "cac:Address",
                element("cbc:StreetName", delivery.street),
                element("cbc:CityName", delivery.city),
                element("cbc:PostalZone", delivery.postal_code),
                group("cac:Country", element("cbc:IdentificationCode", delivery.country)),
            ),
        ),
    )


def _payment(invoice: Invoice, root: str) -> Iterator[str]:
    """Payment means, one for each account to pay to; a credit note has its due date there, an invoice in its header."""
    due = element("cbc:PaymentDueDate", invoice.due_date if root == "CreditNote" else None)
    code = element("cbc:PaymentMeansCode", invoice.payment_code)
    reference = element("cbc:PaymentID", invoice.number)
    accounts = [
        group(
            "cac:PayeeFinancialAccount",
            element("cbc:ID", account.iban),
            element("cbc:Name", account.name),
            group("cac:FinancialInstitutionBranch", element("cbc:ID", account.bic)),
        )
        for account in invoice.bank_accounts
    ]
    for account in accounts or [""]:
        yield group("cac:PaymentMeans", code, due, reference, account)
    yield group("cac:PaymentTerms", element("cbc:Note", invoice.terms))


def _totals(invoice: Invoice, money: _Money) -> str:
    return group(
        "cac:LegalMonetaryTotal",
        money.amount("cbc:LineExtensionAmount", invoice.line_total),
        money.amount("cbc:TaxExclusiveAmount", invoice.net),
        money.amount("cbc:TaxInclusiveAmount", invoice.total),
        money.amount("cbc:AllowanceTotalAmount", invoice.allowance_total),
        money.amount("cbc:ChargeTotalAmount", invoice.charge_total),
        money.amount("cbc:PrepaidAmount", invoice.prepaid),
        money.amount("cbc:PayableAmount", invoice.payable),
    )


class _Money:
    """Writes what has amounts, each of which says its currency."""

    def __init__(self, currency: str) -> None:
        self._currency = currency

    def amount(self, name: str, value: str | None) -> str:
        return element(name, value, currencyID=self._currency)

    def change(self, change: AllowanceCharge) -> str:
        return group(
            "cac:AllowanceCharge",
            element("cbc:ChargeIndicator", "true" if change.is_charge else "false"),
            element("cbc:AllowanceChargeReasonCode", change.code),
            element("cbc:AllowanceChargeReason", change.reason),
            element("cbc:MultiplierFactorNumeric", change.percent),
            self.amount("cbc:Amount", change.amount),
            self.amount("cbc:BaseAmount", change.base),
            _category("cac:TaxCategory", change.vat) if change.vat else "",
        )

    def tax_row(self, row: TaxRow) -> str:
        return group(
            "cac:TaxSubtotal",
            self.amount("cbc:TaxableAmount", row.taxable),
            self.amount("cbc:TaxAmount", row.tax),
            _category(
                "cac:TaxCategory",
                row.vat,
                element("cbc:TaxExemptionReasonCode", row.exemption_code),
                element("cbc:TaxExemptionReason", row.exemption_reason),
            ),
        )

    def line(self, line: Line, root: str) -> str:
        code, word = line.unit
        quantity = "Credited" if root == "CreditNote" else "Invoiced"
        return group(
            f"cac:{root}Line",
            element("cbc:ID", line.id),
            element(f"cbc:{quantity}Quantity", line.quantity, unitCode=code),
            self.amount("cbc:LineExtensionAmount", line.net),
            self.change(line.discount) if line.discount else "",
            group(
                "cac:Item",
                element("cbc:Description", line.description),
                element("cbc:Name", line.name),
                group("cac:SellersItemIdentification", element("cbc:ID", line.item_code)),
                _category("cac:ClassifiedTaxCategory", line.vat),
                group("cac:AdditionalItemProperty", element("cbc:Name", UNIT_PROPERTY), element("cbc:Value", word))
                if word
                else "",
            ),
            group("cac:Price", self.amount("cbc:PriceAmount", line.price)),
        )


def _category(name: str, vat: Vat, *reasons: str) -> str:
    return group(name, element("cbc:ID", vat.code), element("cbc:Percent", vat.rate), *reasons, _VAT)
