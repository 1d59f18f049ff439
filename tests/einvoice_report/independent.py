"""Read an e-invoice independently of our own reader: XPath by lxml, straight to the fields that are compared.

Each field is what the file states, as text or Decimal; None where it states nothing. Lines are tuples of quantity,
price of one, total, rate, category, unit and name.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Final

from lxml import etree

_RAM: Final = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
_NAMES: Final = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "ram": _RAM,
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
_URN: Final = "urn:oasis:names:specification:ubl:schema:xsd"
_UBL_ROOTS: Final = {f"{{{_URN}:{one}-2}}{one}" for one in ("Invoice", "CreditNote")}
_ENVELOPE: Final = "{http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader}StandardBusinessDocument"
_CII_ROOT: Final = "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice"
_CREDITS: Final = frozenset({"81", "83", "261", "381", "396", "532"})

Reading = Mapping[str, Any]


def format_of(xml: bytes) -> str | None:
    """Tell UBL or CII by the root element, also within an envelope; None for anything else."""
    root = _root(xml)
    if root is None:
        return None
    return "ubl" if root.tag in _UBL_ROOTS else "cii"


def read(xml: bytes) -> Reading | None:
    """Read what is compared; None where it is no UBL or CII."""
    root = _root(xml)
    if root is None:
        return None
    with localcontext() as context:
        context.prec = 60
        return _ubl(root) if root.tag in _UBL_ROOTS else _cii(root)


def _root(xml: bytes) -> Any:
    try:
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except etree.XMLSyntaxError:
        return None
    within = list(root) if root.tag == _ENVELOPE else [root]
    return next((one for one in within if one.tag in _UBL_ROOTS or one.tag == _CII_ROOT), None)


def _texts(node: Any, path: str) -> list[str]:
    found = node.xpath(path, namespaces=_NAMES)
    return [text for one in found if (text := " ".join((one if isinstance(one, str) else one.text or "").split()))]


def _text(node: Any, path: str) -> str | None:
    return next(iter(_texts(node, path)), None)


def _number(node: Any, path: str) -> Decimal | None:
    try:
        return None if (text := _text(node, path)) is None else Decimal(text)
    except InvalidOperation:
        return None


def _sum(node: Any, path: str, indicator: str, amount: str) -> Decimal:
    """Charges less allowances; one without an indicator is an allowance."""
    total = Decimal(0)
    for one in node.xpath(path, namespaces=_NAMES):
        value = _number(one, amount) or Decimal(0)
        total += value if _text(one, indicator) in {"true", "1"} else -value
    return total


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if text[:8].isdecimal() else text[:10]


def _ubl(root: Any) -> Reading:
    credit = root.tag.endswith("CreditNote")
    code = _text(root, "cbc:InvoiceTypeCode | cbc:CreditNoteTypeCode")
    currency = _text(root, "cbc:DocumentCurrencyCode")
    total = "cac:LegalMonetaryTotal/cbc:"
    own = f'[not(@currencyID) or @currencyID="{currency}"]'
    due = _texts(root, "cbc:DueDate") + _texts(root, "cac:PaymentMeans/cbc:PaymentDueDate")
    return {
        "reference": _text(root, "cbc:ID"),
        "date": _day(_text(root, "cbc:IssueDate")),
        "due": _day(next(iter(due), None)),
        "credit": credit or code in _CREDITS,
        "currency": currency,
        "supplier": _party_ubl(root, "cac:AccountingSupplierParty"),
        "client": _party_ubl(root, "cac:AccountingCustomerParty"),
        **{
            name: _number(root, f"{total}{element}{own}")
            for name, element in (
                ("net", "TaxExclusiveAmount"), ("gross", "TaxInclusiveAmount"), ("payable", "PayableAmount"),
                ("prepaid", "PrepaidAmount"), ("rounding", "PayableRoundingAmount"),
            )
        },
        "changes": _sum(root, "cac:AllowanceCharge", "cbc:ChargeIndicator", f"cbc:Amount{own}"),
        "lines": [_line_ubl(line) for line in root.xpath("cac:InvoiceLine | cac:CreditNoteLine", namespaces=_NAMES)],
        "files": len(_texts(root, "cac:AdditionalDocumentReference/cac:Attachment/cbc:EmbeddedDocumentBinaryObject")),
    }  # fmt: skip


def _party_ubl(root: Any, name: str) -> str | None:
    party = f"{name}/cac:Party/"
    names = (f"{party}cac:PartyLegalEntity/cbc:RegistrationName", f"{party}cac:PartyName/cbc:Name")
    return next((found for path in names if (found := _text(root, path))), None)


def _line_ubl(line: Any) -> tuple[Any, ...]:
    price, base = _number(line, "cac:Price/cbc:PriceAmount"), _number(line, "cac:Price/cbc:BaseQuantity")
    return (
        _number(line, "cbc:InvoicedQuantity | cbc:CreditedQuantity"),
        price / base if price is not None and base and base > 0 else price,
        _number(line, "cbc:LineExtensionAmount"),
        _number(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:Percent"),
        _text(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:ID"),
        _text(line, "cbc:InvoicedQuantity/@unitCode | cbc:CreditedQuantity/@unitCode"),
        _text(line, "cac:Item/cbc:Name"),
    )


def _cii(root: Any) -> Reading:
    header, trade = "rsm:ExchangedDocument/ram:", "rsm:SupplyChainTradeTransaction/ram:"
    settlement = f"{trade}ApplicableHeaderTradeSettlement/ram:"
    sums = f"{settlement}SpecifiedTradeSettlementHeaderMonetarySummation/ram:"
    currency = _text(root, f"{settlement}InvoiceCurrencyCode")
    own = f'[not(@currencyID) or @currencyID="{currency}"]'
    agreement = f"{trade}ApplicableHeaderTradeAgreement/ram:"
    terms = f"{settlement}SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString"
    services = _texts(root, f"{settlement}SpecifiedLogisticsServiceCharge/ram:AppliedAmount")
    shipping = sum((Decimal(one) for one in services), Decimal(0))
    lines = root.xpath(f"{trade}IncludedSupplyChainTradeLineItem", namespaces=_NAMES)
    return {
        "reference": _text(root, f"{header}ID"),
        "date": _day(_text(root, f"{header}IssueDateTime/udt:DateTimeString")),
        "due": _day(_text(root, terms)),
        "credit": _text(root, f"{header}TypeCode") in _CREDITS,
        "currency": currency,
        "supplier": _text(root, f"{agreement}SellerTradeParty/ram:Name"),
        "client": _text(root, f"{agreement}BuyerTradeParty/ram:Name"),
        **{
            name: _number(root, f"{sums}{element}{own}")
            for name, element in (
                ("net", "TaxBasisTotalAmount"), ("gross", "GrandTotalAmount"), ("payable", "DuePayableAmount"),
                ("prepaid", "TotalPrepaidAmount"), ("rounding", "RoundingAmount"),
            )
        },
        "changes": shipping + _sum(
            root, f"{settlement}SpecifiedTradeAllowanceCharge", "ram:ChargeIndicator/udt:Indicator", "ram:ActualAmount"
        ),
        "lines": [_line_cii(line) for line in lines if _is_paid(line)],
        "files": len(_texts(root, f"{agreement}AdditionalReferencedDocument/ram:AttachmentBinaryObject")),
    }  # fmt: skip


def _is_paid(line: Any) -> bool:
    kind = _text(line, "ram:AssociatedDocumentLineDocument/ram:LineStatusReasonCode")
    return kind not in {"GROUP", "INFORMATION"}


def _line_cii(line: Any) -> tuple[Any, ...]:
    agreement = "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:"
    settlement = "ram:SpecifiedLineTradeSettlement/ram:"
    price, base = _number(line, f"{agreement}ChargeAmount"), _number(line, f"{agreement}BasisQuantity")
    return (
        _number(line, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"),
        price / base if price is not None and base and base > 0 else price,
        _number(line, f"{settlement}SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"),
        _number(line, f"{settlement}ApplicableTradeTax/ram:RateApplicablePercent"),
        _text(line, f"{settlement}ApplicableTradeTax/ram:CategoryCode"),
        _text(line, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity/@unitCode"),
        _text(line, "ram:SpecifiedTradeProduct/ram:Name"),
    )
