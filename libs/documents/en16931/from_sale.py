"""Convert a sales document to the model of EN 16931, from its stored totals; none is computed again.

EN 16931 differs from our documents in this: a price is never below 0 (a line's sign is its quantity's), prices are
without tax, charges and discounts of the document have a tax category each, a line's discount has an amount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from contracts.primitives.money import digits, from_minor, plain, to_minor
from contracts.primitives.problem import FieldError
from contracts.resources.document_kinds import KINDS
from documents.document import ITEM_NAME_CHARS_MAX
from documents.en16931 import codes, parties
from documents.en16931.model import (
    CREDIT_NOTE,
    FREIGHT,
    INVOICE,
    AllowanceCharge,
    Invoice,
    Line,
    Profile,
    TaxRow,
    Vat,
)
from documents.en16931.sharing import shared
from documents.writing import NotWritable

_EXACT: Final = Context(prec=80, rounding=ROUND_HALF_UP)
_DECIMALS_MAX: Final = 2  # BR-DEC-01 and its like
_PRICE_DIGITS: Final = 12  # of a price that is worked out: its line's total follows to the cent for 10^9 of them
_TYPE_CODES: Final = {"sales_invoice": INVOICE, "credit_note": CREDIT_NOTE}
_PERCENT_SLACK: Final = Decimal("0.02")  # PEPPOL-EN16931-R040; without cents a percentage may miss by more
_DISCOUNT_CODE: Final = "95"  # UN/ECE 5189, discount
_TERMS: Final = {3: "Cash on delivery", 4: "Open"}


def invoice_of(sale: Mapping[str, Any], seller: Mapping[str, Any], profile: Profile) -> Invoice:
    """Make the model of a sale, as `GET /v1/sales/{id}` gives it, for one profile; `seller` is the account's profile.

    A credit note may have its invoice's number as `invoice_number`.

    Raises:
        NotWritable: it is a draft or of a kind without a form in EN 16931, a line has several taxes, an amount has more
            than two decimals, or the seller or client lacks what the profile needs; all faults at once.
    """
    reading = _Reading(sale)
    categories = {vat.code for vat, _ in reading.vats}
    faults = [*_unfit(sale), *reading.faults, *parties.missing(seller, sale["client"], categories, profile)]
    if faults:
        raise NotWritable(faults)
    return _invoice(sale, seller, profile, reading)


def _unfit(sale: Mapping[str, Any]) -> list[FieldError]:
    faults = []
    if sale["sale_type"] not in _TYPE_CODES:
        faults.append(FieldError("sale_type", f"is {sale['sale_type']}: this format has invoices and credit notes"))
    if not sale["number"]:
        faults.append(FieldError("number", "is required: issue the document first"))
    if digits(sale["currency"]) > _DECIMALS_MAX:
        faults += [
            FieldError(name, f"is {sale[name]}: EN 16931 takes at most {_DECIMALS_MAX} decimals in an amount")
            for name in ("net", "tax", "total")
            if not _fits(sale[name])
        ]
    return faults


def _fits(amount: str) -> bool:
    return len(amount.partition(".")[2].rstrip("0")) <= _DECIMALS_MAX


@dataclass(slots=True)
class _Reading:
    """The facts needed before writing: each line's tax, and every error in them."""

    sale: Mapping[str, Any]
    vats: list[tuple[Vat, str | None]] = field(default_factory=list)  # of each line: the tax, its VATEX code
    faults: list[FieldError] = field(default_factory=list)

    def __post_init__(self) -> None:
        without_vat = all(_untaxed(line) for line in self.sale["lines"])
        for index, line in enumerate(self.sale["lines"]):
            self.vats.append(self._vat(index, line, without_vat=without_vat))

    def _vat(self, index: int, line: Mapping[str, Any], *, without_vat: bool) -> tuple[Vat, str | None]:
        if line.get("taxes"):
            self.faults.append(FieldError(f"lines[{index}].taxes", "has several taxes: EN 16931 has one on a line"))
        elif _untaxed(line):
            if without_vat:
                return Vat(codes.NOT_SUBJECT, None), "VATEX-EU-O"
            self.faults.append(FieldError(f"lines[{index}].tax_category", _WHY_UNTAXED))
        else:
            return self._named(index, line["tax_category"], line["tax_rate"])
        return Vat("S", "0"), None

    def _named(self, index: int, category: str | None, rate: str | None) -> tuple[Vat, str | None]:
        try:
            code, vatex = codes.category_of(category, None if rate is None else Decimal(rate))
        except codes.UnknownCategory as unknown:
            self.faults.append(FieldError(f"lines[{index}].tax_category", str(unknown)))
            return Vat("S", "0"), None
        return vat_of(code, rate), vatex


_WHY_UNTAXED: Final = "is required beside lines that bear tax: say why this one does not (Z, E, AE, K, G)"


def _untaxed(line: Mapping[str, Any]) -> bool:
    return line["tax_rate"] is None and line["tax_category"] is None and not line.get("taxes")


def vat_of(code: str, rate: str | None) -> Vat:
    """A tax with its rate as it is compared: without zeros at its end."""
    if code == codes.NOT_SUBJECT:
        return Vat(code, None)
    return Vat(code, plain(Decimal(rate or "0").normalize(_EXACT) + 0))


def _invoice(sale: Mapping[str, Any], seller: Mapping[str, Any], profile: Profile, reading: _Reading) -> Invoice:
    currency, client = sale["currency"], sale["client"]
    vats = [vat for vat, _ in reading.vats]
    lines = tuple(_line(index, line, vats[index], sale) for index, line in enumerate(sale["lines"]))
    sums = _Sums(sale, reading)
    changes = tuple(sums.changes())
    accounts = parties.accounts_of(seller)
    credit_note = KINDS[sale["sale_type"]].role == "credit"
    with_vat = all(vat.code != codes.NOT_SUBJECT for vat in vats)
    within_eu = any(vat.code == "K" for vat in vats)
    term = sale["pay_term"]["type"] if sale["pay_term"] else 0
    payable = to_minor(sale["total"], currency) - to_minor(sale["deposit"], currency)
    return Invoice(
        profile=profile,
        type_code=_TYPE_CODES[sale["sale_type"]],
        number=sale["number"],
        issue_date=sale["document_date"],
        due_date=sale["date_due"],
        terms=_TERMS.get(term, "Due on receipt") if sale["date_due"] is None and payable > 0 else None,
        currency=currency,
        note=(sale["comment"] or "").strip() or None,
        buyer_reference=sale["external_id"] or client.get("external_id") or sale["number"],
        preceding=sale.get("invoice_number") if credit_note else None,
        seller=parties.party_of(seller, with_vat=with_vat),
        buyer=parties.party_of(client, with_vat=with_vat),
        delivery=parties.delivery_of(client, sale["document_date"]) if within_eu else None,
        payment_code=_payment_code(sale, profile, has_account=bool(accounts)),
        bank_accounts=accounts,
        lines=lines,
        changes=changes,
        taxes=tuple(sums.taxes(with_rate=profile == "xrechnung")),
        line_total=_amount(sum(to_minor(line["net"], currency) for line in sale["lines"]), currency),
        allowance_total=_total(changes, is_charge=False, currency=currency),
        charge_total=_total(changes, is_charge=True, currency=currency),
        net=_shortened(sale["net"]),
        tax=_shortened(sale["tax"]),
        total=_shortened(sale["total"]),
        prepaid=_shortened(sale["deposit"]) if Decimal(sale["deposit"]) else None,
        payable=_amount(payable, currency),
    )


def _payment_code(sale: Mapping[str, Any], profile: Profile, *, has_account: bool) -> str:
    """How to pay: by the document's method; one that says nothing is a transfer where there is an account to pay to.

    BR-DE-24-a wants a card's number beside a payment by card, which we never hold.
    """
    code = codes.PAYMENT_CODES.get(sale["payment_method"] or "not_defined", codes.NOT_DEFINED)
    if profile == "xrechnung" and code == codes.CARD:
        return codes.NOT_DEFINED
    if has_account:
        return codes.CREDIT_TRANSFER if sale["payment_method"] in {None, "not_defined"} else code
    return codes.NOT_DEFINED if code == codes.CREDIT_TRANSFER else code


def _total(changes: Sequence[AllowanceCharge], *, is_charge: bool, currency: str) -> str | None:
    amounts = [to_minor(one.amount, currency) for one in changes if one.is_charge == is_charge]
    return _amount(sum(amounts), currency) if amounts else None


def _amount(minor: int, currency: str) -> str:
    return _shortened(from_minor(minor, currency))


def _shortened(amount: str) -> str:
    """An amount without decimals beyond the second, which are 0."""
    whole, point, fraction = amount.partition(".")
    return f"{whole}{point}{fraction[:_DECIMALS_MAX]}"


def _line(index: int, line: Mapping[str, Any], vat: Vat, sale: Mapping[str, Any]) -> Line:
    name, description = _names(line)
    quantity, price = Decimal(line["quantity"]), Decimal(line["unit_price"])
    discount = None
    if sale["include_tax"]:
        quantity, price = _price_without_tax(quantity, Decimal(line["net"]))
    else:
        if price < 0:
            quantity, price = quantity.copy_negate() + 0, price.copy_negate()
        price = _price_to_the_unit(quantity, price, sale["currency"])
        discount = _discount(line, quantity, price, sale["currency"])
    return Line(
        id=str(index + 1),
        name=name,
        description=description,
        item_code=line["item_code"],
        quantity=plain(quantity),
        unit=codes.unit_of(line["unit"]),
        price=plain(price),
        net=_shortened(line["net"]),
        vat=vat,
        discount=discount,
    )


def _names(line: Mapping[str, Any]) -> tuple[str, str | None]:
    """The name that an item must have, and what else is said of it: the first line of a description and its rest."""
    name, _, rest = (line["description"] or line["item_code"] or "-").strip().partition("\n")
    name, rest = name.strip() or "-", rest.strip()
    if len(name) > ITEM_NAME_CHARS_MAX:
        name, rest = name[:ITEM_NAME_CHARS_MAX], f"{name[ITEM_NAME_CHARS_MAX:]}\n{rest}"
    return name, rest.strip() or None


def _price_without_tax(quantity: Decimal, net: Decimal) -> tuple[Decimal, Decimal]:
    """Quantity and price that come to this net, where the document's prices include tax and discounts."""
    if not quantity:
        return quantity, Decimal(0)
    price = _EXACT.divide(net, quantity)
    if price < 0:
        quantity, price = quantity.copy_negate(), price.copy_negate()
    return quantity, _short(price)


def _price_to_the_unit(quantity: Decimal, price: Decimal, currency: str) -> Decimal:
    """The price; in currencies without cents the one that makes the rounded amount, which PEPPOL-EN16931-R120 wants."""
    if digits(currency) >= _DECIMALS_MAX or not quantity:
        return price
    full = to_minor(_EXACT.multiply(quantity, price), currency, rounded=True)
    exact = Decimal(from_minor(full, currency))
    return price if exact == _EXACT.multiply(quantity, price) else _short(abs(_EXACT.divide(exact, quantity)))


def _short(price: Decimal) -> Decimal:
    return _EXACT.quantize(price, Decimal(1).scaleb(-_PRICE_DIGITS)).normalize(_EXACT) + 0


def _discount(line: Mapping[str, Any], quantity: Decimal, price: Decimal, currency: str) -> AllowanceCharge | None:
    """A line's discount: what lies between quantity by price, rounded, and the stored net."""
    percent = Decimal(line["discount"])
    if not percent and not Decimal(line.get("discount_amount") or 0):
        return None
    full = to_minor(_EXACT.multiply(quantity, price), currency, rounded=True)
    amount = _amount(full - to_minor(line["net"], currency), currency)
    exact = _EXACT.multiply(Decimal(from_minor(full, currency)), percent).scaleb(-2, _EXACT)
    if not percent or abs(_EXACT.subtract(Decimal(amount), exact)) > _PERCENT_SLACK:
        return AllowanceCharge(False, amount, "Discount", _DISCOUNT_CODE)  # noqa: FBT003  an allowance
    base = _amount(full, currency)
    return AllowanceCharge(
        is_charge=False, amount=amount, reason="Discount", code=_DISCOUNT_CODE, base=base, percent=plain(percent)
    )


class _Sums:
    """What each tax category comes to, and which shares of the document's charges and discounts it holds."""

    def __init__(self, sale: Mapping[str, Any], reading: _Reading) -> None:
        self._sale, self._currency = sale, sale["currency"]
        self._lines: dict[Vat, int] = {}
        self._exemptions: dict[Vat, list[str]] = {}
        for line, (vat, vatex) in zip(sale["lines"], reading.vats, strict=True):
            self._lines[vat] = self._lines.get(vat, 0) + self._minor(line["net"])
            known = self._exemptions.setdefault(vat, [])
            if vatex and vatex not in known:
                known.append(vatex)
        self._bases, self._taxes = self._breakdown()

    def _minor(self, amount: str) -> int:
        return to_minor(amount, self._currency)

    def _breakdown(self) -> tuple[dict[Vat, int], dict[Vat, int]]:
        """Base and tax of each category as stored; lines without any tax have what is left of the net."""
        bases, taxes = dict.fromkeys(self._lines, 0), dict.fromkeys(self._lines, 0)
        for row in self._sale["taxes"]:
            code, _ = codes.category_of(row["category"], Decimal(row["rate"]))
            vat = vat_of(code, row["rate"])
            bases[vat] += self._minor(row["net"])
            taxes[vat] += self._minor(row["tax"])
        untaxed = Vat(codes.NOT_SUBJECT, None)
        if untaxed in bases and not bases[untaxed]:
            bases[untaxed] = self._minor(self._sale["net"]) - sum(bases.values())
        return bases, taxes

    def taxes(self, *, with_rate: bool) -> list[TaxRow]:
        """The breakdown; an exemption of several reasons has them in words.

        `with_rate`: also what is not subject to VAT has a rate, 0, as BR-DE-14 wants.
        """
        rows = []
        for vat, base in self._bases.items():
            vatex = self._exemptions[vat]
            reason = codes.reason_of(vat.code)
            if reason and len(vatex) > 1:
                reason = f"{reason}: {', '.join(vatex)}"
            rows.append(
                TaxRow(
                    Vat(vat.code, vat.rate or "0") if with_rate else vat,
                    _amount(base, self._currency),
                    _amount(self._taxes[vat], self._currency),
                    vatex[0] if reason and len(vatex) == 1 else None,
                    reason,
                )
            )
        return rows

    def changes(self) -> list[AllowanceCharge]:
        """Charges, discounts and shipping, each split over the categories; a share of nothing is left out."""
        named: list[tuple[bool, str, str | None, int]] = [
            (one["type"] == "charge", one["description"] or one["type"].capitalize(), None, self._minor(one["net"]))
            for one in self._sale["adjustments"]
        ]
        signed = [net if is_charge else -net for is_charge, _, _, net in named]
        shipping = self._minor(self._sale["net"]) - sum(self._lines.values()) - sum(signed)
        if shipping:
            named.append((True, "Shipping", FREIGHT, shipping))
            signed.append(shipping)
        rests = [self._bases[vat] - line_sum for vat, line_sum in self._lines.items()]
        found = []
        for (is_charge, reason, code, _), parts in zip(
            named, shared(signed, rests, list(self._lines.values())), strict=True
        ):
            found += [
                AllowanceCharge(is_charge, _amount(part if is_charge else -part, self._currency), reason, code, vat=vat)
                for vat, part in zip(self._lines, parts, strict=True)
                if part
            ]
        return found
