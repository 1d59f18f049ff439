"""Cursors: read back as they were written, for the list that gave them, and refused in every other form."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingress.errors import InvalidInput
from ingress.http.route import Page
from ingress.views.paging import page, parse_cursor, write_cursor

PATH = "/v1/things"
TYPES = (datetime, date, UUID, str, int)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
moments = st.datetimes(timezones=st.just(UTC))
keys = st.tuples(moments, st.dates(), st.uuids(), texts, st.integers(-(2**53), 2**53))


@given(keys)
def test_a_cursor_is_read_as_it_was_written(key: tuple[Any, ...]) -> None:
    cursor = write_cursor(PATH, *key)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert parse_cursor(PATH, cursor, *TYPES) == key


@given(keys)
def test_a_cursor_of_another_list_is_refused(key: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidInput):
        parse_cursor("/v1/others", write_cursor(PATH, *key), *TYPES)


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_a_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_cursor(PATH, text, UUID)
    assert [(fault.path, fault.message) for fault in refused.value.faults] == [
        ("cursor", "unknown cursor: pass the `next_cursor` of the previous page unchanged")
    ]


@given(st.uuids(), st.integers(0, 100), st.characters(codec="utf-8"))
def test_a_changed_cursor_is_refused(identifier: UUID, place: int, char: str) -> None:
    cursor = write_cursor(PATH, identifier)
    place %= len(cursor)
    changed = cursor[:place] + char + cursor[place + 1 :]
    if changed != cursor:
        with pytest.raises(InvalidInput):
            parse_cursor(PATH, changed, UUID)
    for other in (cursor + "=", cursor + "A", cursor[:-1], cursor.lower(), f" {cursor}"):
        with pytest.raises(InvalidInput):
            parse_cursor(PATH, other, UUID)


@pytest.mark.parametrize(
    ("key", "types"),
    [
        (["a\0b"], [str]),
        ([7], [str]),
        (["7"], [int]),
        ([True], [int]),
        ([1.5], [int]),
        ([None], [UUID]),
        ([5], [UUID]),
        (["no id"], [UUID]),
        ([["2026-01-01"]], [date]),
        ([0], [date]),
        (["2026-02-30"], [date]),
        (["20260201"], [date]),
        (["0001-01-01T00:00:00+14:00"], [datetime]),
        (["9999-12-31T23:59:59-14:00"], [datetime]),
        (["2026-01-01T00:00:00"], [datetime]),
        (["2026-01-01T00:00:00Z"], [datetime]),
        (["x"], [str, str]),
        ({"x": 1}, [str]),
        ("x", [str]),
    ],
)
def test_a_key_of_other_types_is_refused_although_its_check_sum_is_right(key: Any, types: list[type]) -> None:
    # A list's own key is a JSON array: what else may stand there is written by hand.
    written = write_cursor(PATH, *key) if isinstance(key, list) else _forged(key)
    with pytest.raises(InvalidInput):
        parse_cursor(PATH, written, *types)


def _forged(content: Any) -> str:
    from ingress.views import paging  # noqa: PLC0415

    raw = orjson.dumps(content)
    return base64.urlsafe_b64encode(paging._check_sum(PATH, raw) + raw).rstrip(b"=").decode()


def test_the_last_page_has_no_cursor() -> None:
    call: Any = SimpleNamespace(
        route=SimpleNamespace(path=PATH), query_as=lambda kind: kind(limit=2), count_answer=lambda _: None
    )
    full = orjson.loads(page(call, [1, 2, 3], show=str, key=lambda row: (row,)))
    assert (full["items"], parse_cursor(PATH, full["next_cursor"], int)) == (["1", "2"], (2,))
    last = orjson.loads(page(call, [1, 2], show=str, key=lambda row: (row,), beside={"as_of": "2026-01-01"}))
    assert last == {"items": ["1", "2"], "as_of": "2026-01-01", "next_cursor": None}
    assert Page().limit == 50
