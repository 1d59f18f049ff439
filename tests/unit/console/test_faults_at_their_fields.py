"""A fault of the API stands at its field in a form, or above all; any path is placed in bounded time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.api_client import FieldError, Problem
from console.forms import Field, Filled

FIELDS = (Field("lines", "Lines"), Field("lines[1].price", "Price"), Field("address.city", "City"))
NO_PROBLEM = Problem(422, "invalid_input", "The input is invalid.")


def placed(path: str) -> Filled:
    return Filled().with_faults([FieldError(path, "is wrong")], FIELDS, NO_PROBLEM)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("lines", "lines"), ("lines[1].price", "lines[1].price"), ("lines[0].price", "lines"),
        ("address.city", "address.city"), ("lines[1].tax.rate", "lines"),
    ],
)  # fmt: skip
def test_a_fault_stands_at_its_field_or_the_nearest_that_holds_it(path: str, field: str) -> None:
    assert placed(path).errors == {field: "is wrong"}


@given(st.text(alphabet=st.sampled_from('abc.[]<>"= 1'), max_size=40))
def test_a_path_of_any_characters_is_placed_or_stands_above_all(path: str) -> None:
    filled = placed(path)
    assert set(filled.errors) <= {one.name for one in FIELDS}
    assert bool(filled.errors) != bool(filled.general)
