"""What a sale comes to: the vectors of the design, and what must hold for any sale."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.command_errors import InvalidInput
from contracts.primitives.money import MINOR_MAX, digits
from ledger.sales.amounts import (
    CALCULATION_VERSION,
    AdjustmentFacts,
    LineFacts,
    SaleFacts,
    SaleTotals,
    Tax,
    totals,
)
from tests.support.work import calls_made
from tests.unit.ledger.builders import a_charge, a_discount, a_line, a_sale, a_tax, computed

GST, QST = a_tax("5", "GST"), a_tax("9.975", "QST")


def test_138_66_at_19_percent_is_165_01() -> None:
    assert computed(a_line("138.66", a_tax("19"))).total_minor == 165_01


def test_8180_at_9_975_percent_has_815_96_of_tax() -> None:
    assert computed(a_line("8180", QST)).tax_minor == 815_96


def test_95_times_26_0347_is_2473_30() -> None:
    assert computed(a_line("26.0347", quantity="95")).total_minor == 2473_30


def test_140_at_5_and_9_975_percent_is_160_97_on_one_line() -> None:
    sale = computed(a_line("140", GST, QST))
    assert [row.tax_minor for row in sale.taxes] == [7_00, 13_97]
    assert sale.total_minor == 160_97


def test_a_line_discount_of_100_percent_totals_exactly_zero() -> None:
    sale = computed(a_line("138.66", a_tax("19"), discount="100"))
    assert (sale.net_minor, sale.tax_minor, sale.total_minor) == (0, 0, 0)


@pytest.mark.parametrize("include_tax", [False, True])
def test_a_document_discount_of_100_percent_totals_exactly_zero(include_tax: bool) -> None:  # noqa: FBT001
    lines = (a_line("138.66", a_tax("19")), a_line("0.01", a_tax("7")), a_line("99.99", GST, QST))
    sale = computed(*lines, adjustments=(a_discount("100"),), include_tax=include_tax)
    assert (sale.net_minor, sale.tax_minor, sale.total_minor) == (0, 0, 0)


def test_tax_is_rounded_once_for_all_lines_of_a_rate() -> None:
    three_times_a_third_of_a_cent = computed(*[a_line("0.02", a_tax("19"))] * 3)
    assert three_times_a_third_of_a_cent.tax_minor == 1


def test_the_breakdown_has_a_row_for_each_category_and_rate() -> None:
    sale = computed(
        a_line("100", a_tax("19")), a_line("50", a_tax("0", "export")), a_line("10", a_tax("19.00")), a_line("1")
    )
    assert [(row.category, row.base_minor, row.tax_minor) for row in sale.taxes] == [
        ("standard", 110_00, 20_90),
        ("export", 50_00, 0),
    ]
    assert sale.net_minor == 161_00


def test_the_order_in_which_a_line_names_its_taxes_does_not_matter() -> None:
    assert computed(a_line("140", GST, QST), a_line("10", QST, GST)).total_minor == 172_46


@pytest.mark.parametrize(
    ("currency", "price", "rate", "total"),
    [("JPY", "105", "10", 116), ("KWD", "1.001", "5", 1_051), ("EUR", "1.001", "5", 105)],
)
def test_amounts_are_rounded_to_the_currencys_own_digits(currency: str, price: str, rate: str, total: int) -> None:
    assert computed(a_line(price, a_tax(rate)), currency=currency).total_minor == total


def test_prices_with_tax_give_back_the_net_they_were_made_of() -> None:
    sale = computed(a_line("165.01", a_tax("19")), include_tax=True)
    assert (sale.net_minor, sale.tax_minor, sale.total_minor) == (138_66, 26_35, 165_01)


def test_prices_with_two_taxes_in_them_are_split_by_the_rates() -> None:
    sale = computed(a_line("160.97", GST, QST), include_tax=True)
    assert [row.tax_minor for row in sale.taxes] == [7_00, 13_97]


def test_nets_of_lines_with_tax_in_the_price_add_up_to_the_net_total() -> None:
    sale = computed(*[a_line("0.99", a_tax("19"))] * 3, include_tax=True)
    assert sale.net_minor == 2_50
    assert sorted(line.net_minor for line in sale.lines) == [83, 83, 84]


def test_a_percentage_on_the_document_is_of_the_lines_alone() -> None:
    sale = computed(a_line("100"), adjustments=(a_charge("10"), a_discount("10"), a_charge("5", "amount")))
    assert [adjustment.priced_minor for adjustment in sale.adjustments] == [10_00, 10_00, 5_00]
    assert sale.net_minor == 105_00


def test_a_document_discount_lowers_the_base_of_each_tax_in_proportion() -> None:
    sale = computed(a_line("100", a_tax("19")), a_line("50", a_tax("7")), adjustments=(a_discount("0.01", "amount"),))
    assert [row.base_minor for row in sale.taxes] == [99_99, 50_00]


def test_shipping_bears_the_tax_of_what_is_shipped() -> None:
    sale = computed(a_line("75", a_tax("19")), a_line("25", a_tax("7")), shipping_charge=Decimal(10))
    assert [row.base_minor for row in sale.taxes] == [82_50, 27_50]
    assert (sale.shipping.net_minor, sale.net_minor) == (10_00, 110_00)


def test_shipping_of_what_is_free_bears_the_tax_of_the_first_line() -> None:
    sale = computed(a_line("0", a_tax("19")), a_line("0"), shipping_charge=Decimal(10))
    assert sale.total_minor == 11_90


def test_a_full_discount_leaves_the_shipping() -> None:
    sale = computed(a_line("75"), adjustments=(a_discount("100"),), shipping_charge=Decimal(10))
    assert sale.total_minor == 10_00


def test_a_deposit_lowers_what_is_due_and_not_the_total() -> None:
    sale = computed(a_line("100", a_tax("19")), deposit=Decimal("19.50"))
    assert (sale.total_minor, sale.amount_due_minor) == (119_00, 99_50)


def test_two_halves_off_an_odd_cent_take_that_cent_and_no_more() -> None:
    sale = computed(a_line("0.01"), adjustments=(a_discount("50"), a_discount("50")))
    assert sale.total_minor == 0


def test_every_document_carries_the_version_of_its_calculation() -> None:
    assert computed(a_line("1")).calculation_version == CALCULATION_VERSION == 1


def test_ten_times_as_many_lines_are_ten_times_the_work() -> None:
    def calls(count: int) -> int:
        lines = [a_line(f"{index}.123", a_tax("19" if index % 2 else "7"), quantity="3.7") for index in range(count)]
        return calls_made(lambda: computed(*lines, adjustments=(a_discount("3.3"),), include_tax=True))

    assert calls(5000) < 10.5 * calls(500)


def faults_of(sale: SaleFacts) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refusal:
        totals(sale)
    assert refusal.value.http_status == 422
    return [(fault.path, fault.message) for fault in refusal.value.faults]


def paths_of(sale: SaleFacts) -> list[str]:
    return [path for path, _ in faults_of(sale)]


def test_every_fault_is_listed_with_its_path() -> None:
    sale = a_sale(
        a_line("1"),
        a_line("1e20", quantity="1e12"),
        a_line("1", discount="100.5"),
        a_line("1", a_tax("101")),
        adjustments=(a_discount("101"), a_charge("0.001", "amount"), a_charge("-1", "amount")),
        shipping_charge=Decimal("1.001"),
        deposit=Decimal(-1),
    )
    assert paths_of(sale) == [
        "lines[1]",
        "lines[2].discount",
        "adjustments[0].amount",
        "adjustments[1].amount",
        "adjustments[2].amount",
        "shipping_charge",
        "deposit",
        "lines[3].tax_rate",
    ]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e30", "1e999999", "-1e30"])
@pytest.mark.parametrize("field", ["quantity", "unit_price", "discount_percent"])
def test_a_number_that_cannot_be_computed_is_a_fault_and_never_a_crash(number: str, field: str) -> None:
    line = replace(a_line("1000000000000000"), **{field: Decimal(number)})  # type: ignore[arg-type]  # any of three
    assert paths_of(a_sale(line))[0].startswith("lines[0]")


def test_a_price_far_below_the_smallest_unit_comes_to_nothing() -> None:
    assert computed(a_line("1e-999999")).total_minor == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e30", "1e-50", "-1"])
def test_a_rate_that_is_no_percentage_is_a_fault(number: str) -> None:
    assert paths_of(a_sale(a_line("1", a_tax(number)))) == ["lines[0].tax_rate"]
    assert paths_of(a_sale(a_line("1"), adjustments=(a_charge(number),))) == ["adjustments[0].amount"]


def test_a_total_beyond_the_column_is_a_fault_although_each_line_fits() -> None:
    line = a_line("90000000000000000")
    assert computed(line).total_minor <= MINOR_MAX
    assert paths_of(a_sale(line, line)) == ["lines"]


def test_a_tax_base_beyond_the_column_is_a_fault_although_the_total_is_small() -> None:
    much, back = a_line("90000000000000000", a_tax("1")), a_line("90000000000000000", quantity="-1")
    assert paths_of(a_sale(much, much, back, back)) == ["lines"]


def test_percentages_of_deductions_keep_their_sign() -> None:
    sale = computed(a_line("10", quantity="-1"), adjustments=(a_charge("10"),), shipping_charge=Decimal(100))
    assert (sale.adjustments[0].priced_minor, sale.adjustments[0].net_minor, sale.net_minor) == (-1_00, -1_00, 89_00)


def test_the_same_tax_twice_on_a_line_is_a_fault() -> None:
    assert paths_of(a_sale(a_line("1", GST, GST))) == ["lines[0].taxes"]


def test_discounts_over_what_is_sold_are_a_fault() -> None:
    sale = a_sale(a_line("100"), adjustments=(a_discount("60"), a_discount("60")))
    assert faults_of(sale) == [("adjustments", "the discounts exceed their base")]


def test_a_deposit_over_the_total_is_a_fault() -> None:
    assert faults_of(a_sale(a_line("100"), deposit=Decimal(101))) == [("deposit", "is more than the total")]


def test_a_deduction_on_a_line_is_computed_and_a_total_below_zero_refused() -> None:
    assert computed(a_line("100"), a_line("10", quantity="-1")).total_minor == 90_00
    assert paths_of(a_sale(a_line("10"), a_line("100", quantity="-1"))) == ["lines"]


rates = st.decimals(0, 30, places=3)
percents = st.decimals(0, 100, places=2)
taxes = st.lists(st.builds(Tax, st.sampled_from(["A", "B"]), rates), max_size=2, unique=True).map(tuple)
lines = st.lists(
    st.builds(
        LineFacts,
        quantity=st.decimals(0, 1000, places=3),
        unit_price=st.decimals(0, 1000, places=4),
        discount_percent=st.one_of(st.just(Decimal(0)), percents, st.just(Decimal(100))),
        taxes=taxes,
    ),
    min_size=1,
    max_size=8,
).map(tuple)
charges = st.lists(st.builds(AdjustmentFacts, st.just("charge"), st.just("pct"), percents), max_size=2)
discounts = st.lists(st.decimals(0, 33, places=2), max_size=3).map(
    lambda each: [AdjustmentFacts("discount", "pct", percent) for percent in each]
)
sales = st.builds(
    lambda currency, lines, charges, discounts, shipping, include_tax: SaleFacts(
        currency, lines, tuple(charges + discounts), Decimal(shipping), include_tax=include_tax
    ),
    st.sampled_from(["EUR", "JPY", "KWD"]),
    lines,
    charges,
    discounts,
    st.integers(0, 100),
    st.booleans(),
)


@given(sales)
def test_totals_are_the_sums_of_what_is_shown(facts: SaleFacts) -> None:
    sale = totals(facts)
    signs = [1 if adjustment.type == "charge" else -1 for adjustment in facts.adjustments]
    assert sale.net_minor == (
        sum(line.net_minor for line in sale.lines)
        + sum(sign * adjustment.net_minor for sign, adjustment in zip(signs, sale.adjustments, strict=True))
        + sale.shipping.net_minor
    )
    assert sale.tax_minor == sum(row.tax_minor for row in sale.taxes)
    assert sale.total_minor == sale.net_minor + sale.tax_minor


@given(sales)
def test_what_is_priced_with_tax_is_the_total_and_without_the_net(facts: SaleFacts) -> None:
    sale = totals(facts)
    signs = [1 if adjustment.type == "charge" else -1 for adjustment in facts.adjustments]
    priced = (
        sum(line.priced_minor for line in sale.lines)
        + sum(sign * adjustment.priced_minor for sign, adjustment in zip(signs, sale.adjustments, strict=True))
        + sale.shipping.priced_minor
    )
    assert priced == (sale.total_minor if facts.include_tax else sale.net_minor)


@given(sales)
def test_nothing_is_ever_below_zero_while_discounts_stay_within_100_percent(facts: SaleFacts) -> None:
    sale = totals(facts)
    assert min(sale.net_minor, sale.tax_minor, sale.total_minor, sale.amount_due_minor) >= 0
    amounts = [*sale.lines, *sale.adjustments, sale.shipping]
    assert all(0 <= amount.net_minor <= amount.priced_minor for amount in amounts)
    assert all(row.base_minor >= 0 and row.tax_minor >= 0 for row in sale.taxes)


@given(sales)
def test_each_tax_is_its_rate_of_its_base_within_what_rounding_may_do(facts: SaleFacts) -> None:
    for row in totals(facts).taxes:
        exact = row.base_minor * row.rate / 100
        allowed = Decimal("0.5") if not facts.include_tax else Decimal(len(facts.lines))
        assert abs(row.tax_minor - exact) <= allowed


@given(
    st.decimals(0, 10**9, places=2),
    st.sampled_from(["EUR", "JPY", "KWD"]),
    st.decimals(0, 100, places=3),
)
def test_a_total_priced_with_tax_gives_the_same_document_as_its_net_without(
    price: Decimal, currency: str, rate: Decimal
) -> None:
    tax = Tax("standard", rate)
    without = totals(SaleFacts(currency, (LineFacts(Decimal(1), price, taxes=(tax,)),)))
    gross = Decimal(without.total_minor).scaleb(-digits(currency))
    within = totals(SaleFacts(currency, (LineFacts(Decimal(1), gross, taxes=(tax,)),), include_tax=True))
    assert shown(within) == shown(without)


def shown(sale: SaleTotals) -> tuple[int, int, int]:
    return sale.net_minor, sale.tax_minor, sale.total_minor
