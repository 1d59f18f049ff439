"""JSON that others wrote is read exactly or refused with a reason, and whatever is accepted can be read again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.primitives.problem import texts_in
from contracts.strict_json import (
    DEPTH_MAX,
    NAME_CHARS_MAX,
    NUMBER_CHARS_MAX,
    VALUES_MAX,
    JsonOutOfBounds,
    JsonRefused,
    NotJson,
    Numbers,
    read_json,
)
from contracts.wire.envelope import Envelope
from contracts.wire.events import public_body
from ledger.text import unstorable


def nested(levels: int, opening: bytes = b"[", closing: bytes = b"]", core: bytes = b"") -> bytes:
    return opening * levels + core + closing * levels


@pytest.mark.parametrize(
    "body",
    [
        nested(DEPTH_MAX),
        nested(DEPTH_MAX, b'{"a":', b"}", b"1"),
        b'"' + b"[" * 1_000 + b'"',
        b'["' + b'[{\\"' * 1_000 + b'"]',
        b"[" + b"[]," * 1_000 + b"[]]",
        b'["\\\\",' + b"[]," * 100 + b"[]]",
    ],
)
def test_nesting_is_counted_outside_of_text(body: bytes) -> None:
    assert read_json(body) == orjson.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        nested(DEPTH_MAX + 1),
        nested(DEPTH_MAX + 1, b'{"a":', b"}", b"1"),
        nested(DEPTH_MAX + 1, b'[{"a":', b"}]", b"1"),
        nested(500_000),
        b"[" * 1_000_000,
        b'["\\\\",' + nested(DEPTH_MAX) + b"]",
    ],
)
@pytest.mark.parametrize("numbers", ["native", "text", "exact"])
def test_nesting_beyond_the_bound_is_refused_however_deep(body: bytes, numbers: Numbers) -> None:
    with pytest.raises(NotJson, match=f"is nested more than {DEPTH_MAX} levels deep"):
        read_json(body, numbers=numbers)


def test_the_number_of_values_is_bounded() -> None:
    assert len(read_json(b"[" + b"1," * (VALUES_MAX - 2) + b"1]")) == VALUES_MAX - 1
    with pytest.raises(JsonOutOfBounds, match=f"has more than {VALUES_MAX} values"):
        read_json(b"[" + b"1," * VALUES_MAX + b"1]")
    assert read_json(b'"' + b"," * VALUES_MAX + b'"') == "," * VALUES_MAX


@pytest.mark.parametrize(
    "body",
    [b'{"a":1,"b":2,"a":1}', b'[{"x":{"a":1,"a":1}}]', b'{"\\u0061":1,"a":2}', b'{"lines":[{},{"a":{},"a":{}}]}'],
)
def test_a_name_twice_in_one_object_is_refused_by_name(body: bytes) -> None:
    with pytest.raises(NotJson, match="has the field 'a' twice in one object"):
        read_json(body)


def test_the_same_name_in_two_objects_is_no_fault() -> None:
    assert read_json(b'{"a":{"a":1},"b":{"a":2}}') == {"a": {"a": 1}, "b": {"a": 2}}


def test_a_name_has_a_bounded_length() -> None:
    assert read_json(b'{"%s":1}' % (b"n" * NAME_CHARS_MAX))
    with pytest.raises(JsonOutOfBounds, match="name has more than"):
        read_json(b'[{"%s":1}]' % (b"n" * (NAME_CHARS_MAX + 1)))


WIDE = ["18446744073709551616", "-9223372036854775809", "123456789012345678901234", "9" * 4_500]


@pytest.mark.parametrize("digits", WIDE)
def test_a_whole_number_over_64_bits_keeps_its_digits_or_is_refused(digits: str) -> None:
    with pytest.raises(JsonOutOfBounds, match="more than 64 bits"):
        read_json(digits.encode())
    assert read_json(digits.encode(), numbers="text") == digits
    assert read_json(digits.encode(), numbers="exact") == Decimal(digits)


@pytest.mark.parametrize("digits", ["18446744073709551615", "-9223372036854775808", "12345678901234567890", "0"])
def test_a_whole_number_within_64_bits_is_one(digits: str) -> None:
    assert orjson.dumps(read_json(digits.encode())).decode() == digits
    assert orjson.dumps(read_json(digits.encode(), numbers="text")).decode() == digits


@pytest.mark.parametrize("body", [b"1e400", b"-1e400", b"[1.0e999999999]", b"0." + b"1" * NUMBER_CHARS_MAX])
def test_a_number_that_no_double_holds_is_refused(body: bytes) -> None:
    with pytest.raises(JsonOutOfBounds, match="number"):
        read_json(body)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b"nul", b"[1,]", b"{'a':1}", b"01", b"+1", b".5", b"1.", b"0x10", b"NaN", b"[Infinity]",
        b"-Infinity", b'"\n"', b'"\\x"', b'"\xff"', b'"\\ud800"', b'{"\\udfff":1}', b'"\\udc00\\ud800"', b"[]]",
        b"<a/>",
        '{"a":1}'.encode("utf-16"),
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(NotJson):
        read_json(body)


def test_a_pair_of_surrogates_is_one_character_and_a_byte_order_mark_is_none() -> None:
    assert read_json(b'\xef\xbb\xbf"\\ud83d\\ude00 \\\\ud800"') == "\U0001f600 \\ud800"


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=20), inner)), max_leaves=60
)


@st.composite
def deep(draw: st.DrawFn) -> Any:
    """A value inside as many levels as may be, and some more."""
    value: Any = draw(SCALARS)
    for _ in range(draw(st.integers(0, DEPTH_MAX + 2))):
        value = draw(st.sampled_from([[value], {"a": value}, [1, value]]))
    return value


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.one_of(VALUES, deep(), st.integers(-(10**40), 10**40)), st.sampled_from(["native", "text"]))
def test_whatever_is_accepted_is_readable_by_every_service(value: Any, numbers: Numbers) -> None:
    try:
        accepted = read_json(json.dumps(value).encode(), numbers=numbers)
    except JsonRefused:
        return
    reported = {"subject_id": str(uuid4()), "client_id": None, "object": {"body": accepted}}
    envelope = Envelope(name="webhook.received", account_id=uuid4(), correlation_id=uuid4(), data=reported)
    received = Envelope.decode(envelope.encode())
    assert received.data == reported
    event = public_body(event_id=received.id, trigger=received.name, timestamp="", data=received.data["object"])
    assert orjson.loads(event)["data"]["body"] == accepted
    job = Envelope.decode(received.follow("run", {"body": event.decode()}).encode())
    assert orjson.loads(job.data["body"])["data"]["body"] == accepted
    assert bool(unstorable(received.data)) == any("\0" in text for text, _ in texts_in(accepted))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b"1", b"e", b".", b"-", b"a", b"\xff",
                                 b'"a":', b"\\ud800", b"null", b"[" * 40]), max_size=60).map(b"".join))  # fmt: skip
def test_any_bytes_are_read_as_orjson_reads_them_or_refused(body: bytes) -> None:
    try:
        value = read_json(body)
    except JsonRefused as refused:
        assert str(refused)  # noqa: PT017  any other error is a failure
    else:
        assert value == orjson.loads(body)
