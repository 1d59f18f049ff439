"""Write an invoice of EN 16931 as UN/CEFACT Cross Industry Invoice (D16B), for XRechnung and for Factur-X."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from documents.en16931.from_sale import invoice_of
from documents.en16931.model import (
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

_URN: Final = "urn:un:unece:uncefact:data:standard"
_DAY: Final = "102"  # UN/ECE 2379: YYYYMMDD
_VAT: Final = element("ram:TypeCode", "VAT")


def write_cii(sale: Mapping[str, Any], seller: Mapping[str, Any]) -> bytes:
    """Write a sale, as `GET /v1/sales/{id}` gives it, as an XRechnung in CII.

    Raises:
        NotWritable: as `documents.en16931.from_sale.invoice_of`.
    """
    return cii_of(invoice_of(sale, seller, "xrechnung"))


def cii_of(invoice: Invoice) -> bytes:
    """Write the model as CII in UTF-8."""
    return document(
        "rsm:CrossIndustryInvoice",
        group(
            "rsm:ExchangedDocumentContext",
            _parameter("Business", PROCESS) if invoice.profile != "facturx" else "",
            group("ram:GuidelineSpecifiedDocumentContextParameter", element("ram:ID", SPECIFICATIONS[invoice.profile])),
        ),
        group(
            "rsm:ExchangedDocument",
            element("ram:ID", invoice.number),
            element("ram:TypeCode", invoice.type_code),
            _day("ram:IssueDateTime", invoice.issue_date),
            group("ram:IncludedNote", element("ram:Content", invoice.note)),
        ),
        group(
            "rsm:SupplyChainTradeTransaction",
            *(_line(line) for line in invoice.lines),
            group(
                "ram:ApplicableHeaderTradeAgreement",
                element("ram:BuyerReference", invoice.buyer_reference),
                _party("ram:SellerTradeParty", invoice.seller, is_seller=True),
                _party("ram:BuyerTradeParty", invoice.buyer, is_seller=False),
            ),
            _delivery(invoice),
            group("ram:ApplicableHeaderTradeSettlement", *_settlement(invoice)),
        ),
        xmlns_rsm=f"{_URN}:CrossIndustryInvoice:100",
        xmlns_ram=f"{_URN}:ReusableAggregateBusinessInformationEntity:100",
        xmlns_udt=f"{_URN}:UnqualifiedDataType:100",
        xmlns_qdt=f"{_URN}:QualifiedDataType:100",
    )


def _parameter(kind: str, identifier: str) -> str:
    return group(f"ram:{kind}ProcessSpecifiedDocumentContextParameter", element("ram:ID", identifier))


def _day(name: str, day: str | None) -> str:
    return group(name, element("udt:DateTimeString", day.replace("-", "") if day else None, format=_DAY))


def _line(line: Line) -> str:
    code, word = line.unit
    return group(
        "ram:IncludedSupplyChainTradeLineItem",
        group("ram:AssociatedDocumentLineDocument", element("ram:LineID", line.id)),
        group(
            "ram:SpecifiedTradeProduct",
            element("ram:SellerAssignedID", line.item_code),
            element("ram:Name", line.name),
            element("ram:Description", line.description),
            group(
                "ram:ApplicableProductCharacteristic",
                element("ram:Description", UNIT_PROPERTY),
                element("ram:Value", word),
            )
            if word
            else "",
        ),
        group(
            "ram:SpecifiedLineTradeAgreement",
            group("ram:NetPriceProductTradePrice", element("ram:ChargeAmount", line.price)),
        ),
        group("ram:SpecifiedLineTradeDelivery", element("ram:BilledQuantity", line.quantity, unitCode=code)),
        group(
            "ram:SpecifiedLineTradeSettlement",
            _tax("ram:ApplicableTradeTax", line.vat),
            _change(line.discount) if line.discount else "",
            group("ram:SpecifiedTradeSettlementLineMonetarySummation", element("ram:LineTotalAmount", line.net)),
        ),
    )


def _party(name: str, party: Party, *, is_seller: bool) -> str:
    scheme, identifier = party.endpoint or (None, None)
    return group(
        name,
        element("ram:Name", party.name),
        group("ram:SpecifiedLegalOrganization", element("ram:ID", party.reg_number)),
        group(
            "ram:DefinedTradeContact",
            element("ram:PersonName", party.name if is_seller and (party.phone or party.email) else None),
            group("ram:TelephoneUniversalCommunication", element("ram:CompleteNumber", party.phone)),
            group("ram:EmailURIUniversalCommunication", element("ram:URIID", party.email)),
        ),
        group(
            "ram:PostalTradeAddress",
            element("ram:PostcodeCode", party.postal_code),
            element("ram:LineOne", party.street),
            element("ram:CityName", party.city),
            element("ram:CountryID", party.country),
            element("ram:CountrySubDivisionName", party.region),
        ),
        group("ram:URIUniversalCommunication", element("ram:URIID", identifier, schemeID=scheme)),
        group("ram:SpecifiedTaxRegistration", element("ram:ID", party.vat_number, schemeID="VA")),
    )


def _delivery(invoice: Invoice) -> str:
    """The delivery element, which the schema requires even when it is empty."""
    if (delivery := invoice.delivery) is None:
        return "<ram:ApplicableHeaderTradeDelivery/>"
    return group(
        "ram:ApplicableHeaderTradeDelivery",
        group(
            "ram:ShipToTradeParty",
            group(
                "ram:PostalTradeAddress",
                element("ram:PostcodeCode", delivery.postal_code),
                element("ram:LineOne", delivery.street),
                element("ram:CityName", delivery.city),
                element("ram:CountryID", delivery.country),
            ),
        ),
        group("ram:ActualDeliverySupplyChainEvent", _day("ram:OccurrenceDateTime", delivery.date)),
    )


def _settlement(invoice: Invoice) -> Iterator[str]:
    yield element("ram:PaymentReference", invoice.number)
    yield element("ram:InvoiceCurrencyCode", invoice.currency)
    code = element("ram:TypeCode", invoice.payment_code)
    accounts = [
        (
            group(
                "ram:PayeePartyCreditorFinancialAccount",
                element("ram:IBANID", account.iban),
                element("ram:AccountName", account.name),
            ),
            group("ram:PayeeSpecifiedCreditorFinancialInstitution", element("ram:BICID", account.bic)),
        )
        for account in invoice.bank_accounts
    ]
    for account in accounts or [("", "")]:
        yield group("ram:SpecifiedTradeSettlementPaymentMeans", code, *account)
    for row in invoice.taxes:
        yield _tax_row(row)
    for change in invoice.changes:
        yield _change(change)
    yield group(
        "ram:SpecifiedTradePaymentTerms",
        element("ram:Description", invoice.terms),
        _day("ram:DueDateDateTime", invoice.due_date),
    )
    yield _totals(invoice)
    yield group("ram:InvoiceReferencedDocument", element("ram:IssuerAssignedID", invoice.preceding))


def _totals(invoice: Invoice) -> str:
    return group(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        element("ram:LineTotalAmount", invoice.line_total),
        element("ram:ChargeTotalAmount", invoice.charge_total),
        element("ram:AllowanceTotalAmount", invoice.allowance_total),
        element("ram:TaxBasisTotalAmount", invoice.net),
        element("ram:TaxTotalAmount", invoice.tax, currencyID=invoice.currency),
        element("ram:GrandTotalAmount", invoice.total),
        element("ram:TotalPrepaidAmount", invoice.prepaid),
        element("ram:DuePayableAmount", invoice.payable),
    )


def _tax(name: str, vat: Vat) -> str:
    return group(name, _VAT, element("ram:CategoryCode", vat.code), element("ram:RateApplicablePercent", vat.rate))


def _tax_row(row: TaxRow) -> str:
    return group(
        "ram:ApplicableTradeTax",
        element("ram:CalculatedAmount", row.tax),
        _VAT,
        element("ram:ExemptionReason", row.exemption_reason),
        element("ram:BasisAmount", row.taxable),
        element("ram:CategoryCode", row.vat.code),
        element("ram:ExemptionReasonCode", row.exemption_code),
        element("ram:RateApplicablePercent", row.vat.rate),
    )


def _change(change: AllowanceCharge) -> str:
    return group(
        "ram:SpecifiedTradeAllowanceCharge",
        group("ram:ChargeIndicator", element("udt:Indicator", "true" if change.is_charge else "false")),
        element("ram:CalculationPercent", change.percent),
        element("ram:BasisAmount", change.base),
        element("ram:ActualAmount", change.amount),
        element("ram:ReasonCode", change.code),
        element("ram:Reason", change.reason),
        _tax("ram:CategoryTradeTax", change.vat) if change.vat else "",
    )
