"""Lines below 0 and discounts as amounts on one's own sales: computed exactly, refused only below a total of 0."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.command_errors import InvalidInput
from contracts.primitives.money import MINOR_MAX
from ledger.sales.amounts import AdjustmentFacts, LineFacts, SaleFacts, Tax, totals
from tests.unit.ledger.builders import a_charge, a_discount, a_line, a_sale, a_tax, computed


def less(line: LineFacts, amount: str) -> LineFacts:
    return replace(line, discount_amount=Decimal(amount))


def refused(sale: SaleFacts) -> list[str]:
    with pytest.raises(InvalidInput) as refusal:
        totals(sale)
    return [fault.path for fault in refusal.value.faults]


@pytest.mark.parametrize("returned", [a_line("-4"), a_line("4", quantity="-1"), a_line("-2", quantity="2")])
def test_a_return_beside_a_larger_sale_is_taken_off(returned: LineFacts) -> None:
    sale = computed(a_line("10"), returned)
    assert (sale.total_minor, [line.net_minor for line in sale.lines]) == (6_00, [10_00, -4_00])


def test_two_minus_signs_make_a_sale() -> None:
    assert computed(a_line("-10", quantity="-1")).total_minor == 10_00


def test_a_return_at_another_rate_may_leave_a_tax_or_a_net_below_0() -> None:
    sale = computed(a_line("10"), a_line("-4", a_tax("20")))
    assert (sale.net_minor, sale.tax_minor, sale.total_minor) == (6_00, -80, 5_20)
    sale = computed(a_line("10", a_tax("100")), a_line("-15"))
    assert (sale.net_minor, sale.tax_minor, sale.total_minor) == (-5_00, 10_00, 5_00)


def test_only_a_total_below_0_is_refused() -> None:
    assert computed(a_line("10"), a_line("-10")).total_minor == 0
    assert refused(a_sale(a_line("10"), a_line("-10.01"))) == ["lines"]
    assert computed(a_line("-5"), shipping_charge=Decimal(8)).total_minor == 3_00


def test_tax_in_prices_is_taken_out_of_returns_too() -> None:
    sale = computed(a_line("119", a_tax("19")), a_line("-59.50", a_tax("19")), include_tax=True)
    assert (sale.net_minor, sale.tax_minor, sale.total_minor) == (50_00, 9_50, 59_50)


def test_charges_and_discounts_leave_out_what_is_returned() -> None:
    sale = computed(
        a_line("1000", a_tax("20")),
        a_line("-999", a_tax("5")),
        shipping_charge=Decimal(5),
        adjustments=(a_charge("10"),),
    )
    assert [(row.base_minor, row.tax_minor) for row in sale.taxes] == [(1005_10, 201_02), (-999_00, -49_95)]


def test_a_discount_over_what_returns_leave_is_refused() -> None:
    assert refused(a_sale(a_line("10"), a_line("-8"), adjustments=(a_discount("3", "amount"),))) == ["adjustments"]
    assert refused(a_sale(a_line("-8"), adjustments=(a_discount("3", "amount"),)))[0] == "adjustments"


@pytest.mark.parametrize(
    ("line", "net"),
    [
        (less(a_line("100"), "5"), 95_00),
        (less(a_line("33.33", quantity="3"), "0.99"), 99_00),
        (less(a_line("100"), "100"), 0),
        (less(a_line("-100"), "5"), -95_00),
        (less(a_line("100", quantity="-1"), "5"), -95_00),
        (less(a_line("100"), "0"), 100_00),
    ],
)
def test_a_discount_amount_comes_off_the_line_towards_0(line: LineFacts, net: int) -> None:
    assert computed(line, a_line("1000")).lines[0].net_minor == net


def test_a_discount_amount_has_the_currencys_decimals_and_stays_within_its_line() -> None:
    assert refused(a_sale(less(a_line("4"), "4.01"))) == ["lines[0].discount_amount"]
    assert refused(a_sale(less(a_line("4"), "0.001"))) == ["lines[0].discount_amount"]
    assert computed(less(a_line("4"), "0.001"), currency="KWD").total_minor == 3_999


rates = st.decimals(0, 30, places=3)
lines = st.lists(
    st.builds(
        LineFacts,
        quantity=st.decimals(-1000, 1000, places=3),
        unit_price=st.decimals(-1000, 1000, places=4),
        discount_percent=st.decimals(0, 100, places=2),
        taxes=st.lists(st.builds(Tax, st.sampled_from(["A", "B"]), rates), max_size=2, unique=True).map(tuple),
    ),
    min_size=1,
    max_size=8,
).map(tuple)
adjustments = st.lists(
    st.builds(AdjustmentFacts, st.sampled_from(["charge", "discount"]), st.just("pct"), st.decimals(0, 40, places=2)),
    max_size=3,
).map(tuple)
sales = st.builds(
    SaleFacts,
    st.sampled_from(["EUR", "JPY", "KWD"]),
    lines,
    adjustments,
    st.integers(0, 100).map(Decimal),
    include_tax=st.booleans(),
)


@given(sales)
def test_whatever_the_signs_totals_are_the_sums_of_what_is_shown(facts: SaleFacts) -> None:
    try:
        sale = totals(facts)
    except InvalidInput:
        return
    signs = [1 if adjustment.type == "charge" else -1 for adjustment in facts.adjustments]
    assert sale.net_minor == (
        sum(line.net_minor for line in sale.lines)
        + sum(sign * adjustment.net_minor for sign, adjustment in zip(signs, sale.adjustments, strict=True))
        + sale.shipping.net_minor
    )
    assert sale.tax_minor == sum(row.tax_minor for row in sale.taxes)
    assert sale.total_minor == sale.net_minor + sale.tax_minor >= 0
    assert all(abs(part.net_minor) <= abs(part.priced_minor) for part in (*sale.adjustments, sale.shipping))


@given(
    st.lists(
        st.builds(
            LineFacts,
            quantity=st.decimals(-(10**12), 10**12, places=8),
            unit_price=st.decimals(-(10**12), 10**12, places=8),
            taxes=st.just((Tax("A", Decimal(100)),)),
        ),
        min_size=1,
        max_size=5,
    ).map(tuple),
    st.decimals(0, 10**19, places=2),
    st.sampled_from(["JPY", "EUR", "CLF"]),
)
def test_numbers_of_any_allowed_size_are_computed_or_refused(
    lines: tuple[LineFacts, ...], shipping: Decimal, currency: str
) -> None:
    try:
        sale = totals(SaleFacts(currency, lines, shipping_charge=shipping))
    except InvalidInput:
        return
    amounts = [part.net_minor for part in (*sale.lines, sale.shipping)]
    amounts += [amount for row in sale.taxes for amount in (row.base_minor, row.tax_minor)]
    assert max(map(abs, [*amounts, sale.net_minor, sale.tax_minor, sale.total_minor])) <= MINOR_MAX
