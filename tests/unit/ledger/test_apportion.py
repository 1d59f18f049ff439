"""Sharing out whole amounts."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.sales.apportion import half_up, round_to_total, split

weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), [(5, 10, 1), (4, 10, 0), (-5, 10, -1), (-4, 10, 0), (15, 10, 2), (0, 7, 0)]
)
def test_a_half_is_rounded_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


@given(st.integers(-(10**18), 10**18), weights)
def test_the_parts_of_a_split_add_up_to_the_whole(amount: int, weights: list[int]) -> None:
    assert sum(split(amount, weights)) == amount


@given(st.integers(0, 10**18), weights.filter(any))
def test_each_part_is_within_one_unit_of_its_exact_share(amount: int, weights: list[int]) -> None:
    for part, weight in zip(split(amount, weights), weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1
        assert part >= 0


@given(st.integers(0, 10**18), weights.filter(any))
def test_splitting_the_opposite_gives_the_opposite(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert split(-amount, weights) == [-part for part in parts]
    assert split(amount, [-weight for weight in weights]) == parts


def test_equal_remainders_go_to_the_earlier() -> None:
    assert split(2, [1, 1, 1]) == [1, 1, 0]


def test_where_nothing_weighs_the_first_takes_all() -> None:
    assert split(7, [0, 0]) == [7, 0]


def test_what_is_whole_already_stays() -> None:
    assert round_to_total([20, 15, 10], 10, 5) == [2, 2, 1]


@pytest.mark.parametrize("total", [2, 5])
def test_a_total_that_is_not_the_rounded_sum_is_a_mistake(total: int) -> None:
    with pytest.raises(ValueError, match="not the rounded sum"):
        round_to_total([15, 15, 3], 10, total)
