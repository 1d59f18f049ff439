"""Text that Postgres cannot keep is replaced, and nothing else is changed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ledger.text import NUL, storable

TEXTS = st.lists(st.sampled_from(["\0", "\\", "u0000", "a", "é"]), max_size=6).map("".join)
DATA = st.recursive(
    TEXTS | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)


@given(DATA)
def test_no_nul_is_left_in_values_or_names(data: Any) -> None:
    assert NUL not in _texts(storable(data))


@given(DATA)
def test_data_without_a_nul_stay_as_they_are(data: Any) -> None:
    if NUL not in _texts(data):
        assert storable(data) == data


def _texts(data: Any) -> str:
    match data:
        case str():
            return data
        case dict():
            return "".join(_texts(one) for pair in data.items() for one in pair)
        case list():
            return "".join(map(_texts, data))
        case _:
            return ""
