"""Compute a sale's amounts: pure arithmetic from a command's lines to the stored document.

The order of rounding is EN 16931's. Each line's net is rounded separately; tax is computed once per (category, rate)
over its whole base; totals are sums of rounded amounts, so that a document always adds up. With prices that include
tax, tax is extracted from each group's gross and the nets are distributed to its lines by largest remainder.

Charges, shipping and discounts of the whole document belong to no line: they are split over the groups of lines with
equal taxes, in proportion to the lines; groups below 0, such as returns, are excluded. Shipping is an incidental
expense of the supply and follows its tax (EU VAT Directive 2006/112, article 78 b).

A line may be below 0 by its quantity or its price, and so may the net or the tax of a document; its total may not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from contracts.primitives.money import MINOR_MAX
from ledger.errors import Faults, at
from ledger.sales.apportion import half_up, round_to_total, split
from ledger.sales.pricing import (
    NO_PERCENT,
    TOO_LARGE,
    AdjustmentFacts,
    LineFacts,
    Priced,
    SaleFacts,
    Tax,
    is_percent,
    price,
)

__all__ = [
    "CALCULATION_VERSION",
    "AdjustmentFacts",
    "Amount",
    "LineFacts",
    "SaleFacts",
    "SaleTotals",
    "Tax",
    "TaxAmount",
    "tax_on",
    "totals",
]

CALCULATION_VERSION: Final = 1
"""Stored on every document; raised when any rule here changes, and the old rules stay for the old documents."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A line's, adjustment's or the shipping's amount in minor units: as priced, and without tax."""

    priced_minor: int
    net_minor: int


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """One row of the tax breakdown, in minor units; `base_minor` is the net on which it is levied."""

    category: str
    rate: Decimal
    base_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class SaleTotals:
    """A computed sale, all in minor units of `currency`; a discount's amounts are above 0.

    net = lines + charges + shipping - discounts; tax = sum of `taxes`; total = net + tax; amount_due = total - deposit.
    """

    currency: str
    lines: tuple[Amount, ...]
    adjustments: tuple[Amount, ...]
    shipping: Amount
    taxes: tuple[TaxAmount, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    deposit_minor: int
    calculation_version: int = CALCULATION_VERSION

    @property
    def amount_due_minor(self) -> int:
        """What is to be paid before any settlement."""
        return self.total_minor - self.deposit_minor


def totals(sale: SaleFacts) -> SaleTotals:
    """Compute a sale.

    Raises:
        InvalidInput: with every fault and its path: an amount too large or too precise for the currency, a percentage
            over 100, discounts over what is sold, a deposit over the total, a total below 0.
        UnknownCurrency: the sale's currency is unknown; callers check it earlier.
    """
    faults = Faults()
    priced = price(sale, faults)
    grouped = _grouped(sale, faults)
    faults.refuse_if_any()
    computed = _computed(sale, priced, _spread(sale, priced, grouped))
    _check(computed, faults)
    faults.refuse_if_any()
    return computed


def _check(computed: SaleTotals, faults: Faults) -> None:
    if computed.total_minor < 0:
        faults.add("lines", "total is negative: use a credit note for an amount owed to the client")
    elif computed.deposit_minor > computed.total_minor:
        faults.add("deposit", "is more than the total")
    minor = [computed.net_minor, computed.tax_minor, computed.total_minor]
    minor += [part for row in computed.taxes for part in (row.base_minor, row.tax_minor)]
    minor += [amount.priced_minor for amount in computed.adjustments]
    if max(map(abs, minor)) > MINOR_MAX:
        faults.add("lines", f"have a total that {TOO_LARGE}")


@dataclass(frozen=True, slots=True)
class _Group:
    """The lines that bear the same taxes, and this group's shares of what belongs to no line (discounts below 0)."""

    taxes: tuple[Tax, ...]
    lines: list[int]  # their indices
    priced: list[int]  # of the lines, then of each adjustment, then of the shipping

    def rates(self) -> tuple[list[int], int]:
        """The rates as whole numbers of a common fraction of a percent, and how many of those make 100 %."""
        places = max((_decimals(tax.rate) for tax in self.taxes), default=0)
        return [int(tax.rate.scaleb(places)) for tax in self.taxes], 100 * 10**places


def _decimals(rate: Decimal) -> int:
    exponent = rate.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _grouped(sale: SaleFacts, faults: Faults) -> dict[tuple[Tax, ...], list[int]]:
    """Indices of the lines by what taxes they bear, in order of appearance; a sale without lines is one group."""
    groups: dict[tuple[Tax, ...], list[int]] = {}
    for index, line in enumerate(sale.lines):
        taxes = line.taxes if len(line.taxes) < 2 else tuple(sorted(line.taxes, key=_spelled))  # noqa: PLR2004  nothing to sort
        groups.setdefault(taxes, []).append(index)
    for taxes, lines in groups.items():
        if len(set(taxes)) < len(taxes) or not all(is_percent(tax.rate) for tax in taxes):
            for index in lines:
                field = "taxes" if len(taxes) > 1 else "tax_rate"
                faults.add(at("lines", index, field), f"{NO_PERCENT}, and each tax once")
    return groups or {(): []}


def _spelled(tax: Tax) -> tuple[str, str]:
    return tax.category, str(tax.rate)


def _spread(sale: SaleFacts, priced: Priced, grouped: dict[tuple[Tax, ...], list[int]]) -> list[_Group]:
    """Split charges, discounts and shipping over the groups: in their order, by each group's current amount."""
    sums = [sum(priced.lines[index] for index in lines) for lines in grouped.values()]
    shares: list[list[int]] = [[] for _ in priced.adjustments]
    held = list(sums)
    for kind, sign in (("charge", 1), ("discount", -1)):
        for index, adjustment in enumerate(sale.adjustments):
            if adjustment.type == kind:
                shares[index] = [sign * share for share in split(priced.adjustments[index], _above_zero(held))]
                held = [have + share for have, share in zip(held, shares[index], strict=True)]
    shares.append(split(priced.shipping, _above_zero(sums)))
    return [
        _Group(taxes, lines, [priced.lines[index] for index in lines] + [share[place] for share in shares])
        for place, (taxes, lines) in enumerate(grouped.items())
    ]


def _above_zero(sums: Sequence[int]) -> list[int]:
    """Weights: with some below 0 beside others above, shares would be many times what is split."""
    return [max(one, 0) for one in sums] if any(one > 0 for one in sums) else list(sums)


def _computed(sale: SaleFacts, priced: Priced, groups: Sequence[_Group]) -> SaleTotals:
    nets = [_nets(group) if sale.include_tax else group.priced for group in groups]
    taxes = _taxes_within(groups, nets) if sale.include_tax else _taxes_on_top(groups, nets)
    net, tax = sum(map(sum, nets)), sum(row.tax_minor for row in taxes)
    lines = [0] * len(sale.lines)
    for group, parts in zip(groups, nets, strict=True):
        for index, part in zip(group.lines, parts, strict=False):  # the parts after the lines are shares
            lines[index] = part
    shares = [sum(group) for group in zip(*(parts[-len(priced.adjustments) - 1 :] for parts in nets), strict=True)]
    return SaleTotals(
        currency=sale.currency,
        lines=tuple(map(Amount, priced.lines, lines)),
        adjustments=tuple(
            Amount(amount, share if adjustment.type == "charge" else -share)
            for adjustment, amount, share in zip(sale.adjustments, priced.adjustments, shares, strict=False)
        ),
        shipping=Amount(priced.shipping, shares[-1]),
        taxes=taxes,
        net_minor=net,
        tax_minor=tax,
        total_minor=net + tax,
        deposit_minor=priced.deposit,
    )


def _nets(group: _Group) -> list[int]:
    """Extract tax from a group's gross: the tax is rounded, the net is the rest, distributed over the lines."""
    rates, hundred = group.rates()
    gross, factor = sum(group.priced), hundred + sum(rates)
    net = gross - half_up(gross * sum(rates), factor)
    return round_to_total([part * hundred for part in group.priced], factor, net)


def _taxes_within(groups: Sequence[_Group], nets: Sequence[Sequence[int]]) -> tuple[TaxAmount, ...]:
    """Included tax: the rest of each group's gross, split over its taxes by their rates."""
    found: dict[Tax, tuple[int, int]] = {}
    for group, parts in zip(groups, nets, strict=True):
        if not group.taxes:
            continue
        net = sum(parts)
        for tax, amount in zip(group.taxes, split(sum(group.priced) - net, group.rates()[0]), strict=True):
            base, minor = found.get(tax, (0, 0))
            found[tax] = (base + net, minor + amount)
    return tuple(TaxAmount(tax.category, tax.rate, base, minor) for tax, (base, minor) in found.items())


def _taxes_on_top(groups: Sequence[_Group], nets: Sequence[Sequence[int]]) -> tuple[TaxAmount, ...]:
    """Tax beside prices: once for each (category, rate), over the nets of all groups that bear it."""
    bases: dict[Tax, int] = {}
    for group, parts in zip(groups, nets, strict=True):
        for tax in group.taxes:
            bases[tax] = bases.get(tax, 0) + sum(parts)
    return tuple(TaxAmount(tax.category, tax.rate, base, tax_on(base, tax.rate)) for tax, base in bases.items())


def tax_on(base_minor: int, rate: Decimal) -> int:
    """Tax at a rate in percent on a base, in minor units, rounded half up."""
    numerator, denominator = rate.as_integer_ratio()
    return half_up(base_minor * numerator, denominator * 100)
