"""Values as the contract documents them: what a model takes, and that nothing else passes for it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError

from contracts.catalog import ACTIONS
from contracts.catalog.flow_inputs import Delay
from contracts.catalog.inputs import AttachedFile
from contracts.catalog.outward_files import AppendRow
from contracts.catalog.outward_messages import HttpRequest
from contracts.primitives.ids import new_id
from contracts.primitives.money import MoneyText, Percent, Quantity, SignedDecimal
from contracts.primitives.problem import field_errors
from contracts.resources.automation import OnFailure
from contracts.resources.collector import CollectorStepIn
from contracts.resources.connection import HeaderName
from contracts.resources.hook import HookIn
from contracts.resources.messages import MessageIn
from contracts.resources.sale import SaleIn
from contracts.resources.schemas import CountryCode, Email, Locale, Model
from contracts.values import YEARS, from_text


class Part(Model):
    number: int = 1


class Everything(Model):
    flag: bool = False
    number: int = Field(default=1, ge=1, le=200)
    seconds: float = 1.0
    day: dt.date | None = None
    moment: dt.datetime | None = None
    kind: Literal[0, 1, 2, "one"] | None = None
    since: dt.date | None = Field(default=None, alias="from")
    default: bool = False  # named as a part of pydantic's schemas
    parts: list[Part] = Field(default_factory=list)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
near_dates = st.from_regex(r"\A[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}\Z") | st.integers(-(10**12), 10**12).map(str)


def taken(**fields: Any) -> bool:
    try:
        Everything.model_validate(fields)
    except ValidationError:
        return False
    return True


@given(json_values)
def test_a_boolean_is_true_or_false_and_nothing_else(value: Any) -> None:
    assert taken(flag=value) == taken(default=value) == isinstance(value, bool)


@given(json_values | st.integers(-5, 205))
@example("3")
@example(3.0)
@example(value=True)
def test_a_whole_number_is_a_json_integer(value: Any) -> None:
    assert taken(number=value) == (type(value) is int and 1 <= value <= 200)
    assert taken(parts=[{"number": value}]) == (type(value) is int)


@given(json_values | st.sampled_from([0, 1, 2, 0.0, 1.0, True, False, "0", "one"]))
def test_a_value_of_a_closed_set_has_its_own_type(value: Any) -> None:
    assert taken(kind=value) == (value is None or value == "one" or (type(value) is int and value in {0, 1, 2}))


@given(json_values | near_dates | st.dates().map(dt.date.isoformat))
@example("0")
@example("1772409600")
@example("2026-03-02T00:00:00")
@example("20260302")
@example("2026-W10-1")
def test_a_date_is_text_with_a_day_of_the_calendar_in_bounded_years(value: Any) -> None:
    if not taken(day=value):
        return
    assert value is None or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
    assert value is None or dt.date.fromisoformat(value).year in YEARS


@given(st.dates(dt.date(YEARS[0], 1, 1), dt.date(YEARS[-1], 12, 31)))
def test_every_day_of_these_years_is_a_date(day: dt.date) -> None:
    assert Everything.model_validate({"day": day.isoformat(), "from": day.isoformat()}).day == day


@pytest.mark.parametrize("value", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31", "2026-02-30"])
def test_days_outside_say_what_is_expected(value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate({"day": value, "from": value})
    assert {fault.path for fault in field_errors(caught.value)} == {"day", "from"}


@pytest.mark.parametrize(
    "value",
    ["2026-03-02T09:30:00Z", "2026-03-02T09:30:00+02:00", "2026-03-02t09:30:00.123456z", "2026-03-02T09:30+0200"],
)
def test_a_time_has_its_zone(value: str) -> None:
    moment = Everything.model_validate({"moment": value}).moment
    assert moment is not None
    assert moment.tzinfo is not None


@given(json_values | near_dates)
@example("2026-03-02")
@example("2026-03-02T09:30:00")
@example("0001-01-01T00:00:00Z")
@example("9999-12-31T23:59:59-14:00")
@example(1772409600)
def test_anything_else_is_no_time(value: Any) -> None:
    assert taken(moment=value) == (value is None)


@given(st.text(max_size=20), st.integers(), st.sampled_from(["true", "false"]))
def test_query_text_becomes_the_value_that_its_field_has(text: str, number: int, flag: str) -> None:
    given = {"flag": flag, "number": str(number), "day": text, "from": "2026-03-02"}
    read = from_text(Everything.model_fields, given)
    assert read["flag"] is (flag == "true")
    assert read["number"] == (number if len(str(abs(number))) <= 18 else str(number))
    assert (read["day"], read["from"]) == (text, "2026-03-02")


@pytest.mark.parametrize("value", ["1", "yes", "True", "on", ""])
def test_query_booleans_are_true_and_false(value: str) -> None:
    assert not taken(**from_text(Everything.model_fields, {"flag": value}))


huge = st.builds(lambda digits, exponent: f"{digits}e{exponent}", st.integers(), st.integers(100, 10**9))


@given(json_values | huge | st.text("0123456789.-+eE_ ", max_size=2_000))
@example("1e999999")
@example("9" * 100_000)
@example("NaN")
@example("Infinity")
@example(float("inf"))
@example(10**5000)
@example("1_000")
@example("\u0661")
def test_a_decimal_has_bounded_digits_and_is_finite(value: Any) -> None:
    for kind in (MoneyText, Quantity, Percent, SignedDecimal):
        try:
            read = TypeAdapter(kind).validate_python(value)
        except ValidationError:
            continue
        assert read.is_finite()
        assert abs(read.adjusted()) <= 20


def said(kind: Any, value: str) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    (fault,) = field_errors(caught.value)
    return fault.message


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("accounts.example.com", 'one "@"'),
        ("a@b@example.com", 'one "@"'),
        ("two words@example.com", "without spaces"),
        ("@example.com", "name before"),
        ("accounts@localhost", "domain with a dot"),
        ("accounts@example.", "domain with a dot"),
        ("accounts@", "domain with a dot"),
    ],
)
def test_a_faulty_address_says_what_is_wrong_with_it(address: str, words: str) -> None:
    assert words in said(Email, address)


@given(st.text(min_size=1, max_size=30))
def test_no_fault_shows_a_regular_expression(text: str) -> None:
    for kind in (Email, CountryCode, Locale, HeaderName):
        found = []
        try:
            TypeAdapter(kind).validate_python(text)
        except ValidationError as error:
            found = field_errors(error)
        assert not [fault for fault in found if re.search(r"\^|\\|\[A-Z|\$$", fault.message)]


def test_inputs_of_actions_have_these_types_too() -> None:
    assert all(issubclass(action.input, Model) for action in ACTIONS.values())
    for model, fields in ((Delay, {"until": "1772409600"}), (HttpRequest, {"url": "/", "timeout_seconds": "5"})):
        with pytest.raises(ValidationError):
            model.model_validate(fields)


def test_a_document_date_of_0_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        SaleIn.model_validate({"sale_type": "sales_invoice", "document_date": "0", "issue": "no", "lines": []})
    found = {fault.path: fault.message for fault in field_errors(caught.value)}
    assert found["document_date"] == "must be a date, as 2026-03-02"
    assert found["issue"] == "must be true or false"


@pytest.mark.parametrize(
    ("model", "given", "faults"),
    [
        (CollectorStepIn, {"channel": "sms", "template": "Hello"}, {"template": "must be an object"}),
        (CollectorStepIn, {"channel": "sms", "template": {"subject": "S"}}, {"template.body": "is required"}),
        (CollectorStepIn, {"channel": "sms", "template": {"fr": {}}}, {"template.fr.body": "is required"}),
        (MessageIn, {"template": {"collector_id": str(new_id())}}, {"template.step": "is required"}),
        (OnFailure, {"notify": [1]}, {"notify[0]": "must be a text"}),
        (HookIn, {"filters": {"total": {"gte": []}}}, {"filters.total.gte": "must be a text or a whole number"}),
        (AttachedFile, {"file": 0}, {"file": "must be a URL, or an object: a file, or that of an earlier step"}),
        (AttachedFile, {"file": "a.pdf"}, {"file": "must be a URL of 8 to 2048 characters, or an object"}),
        (AppendRow, {"values": {"a": []}}, {"values.a": "must be a text, a number, true or false"}),
        (HookIn, {"filters": {"total": [1.5]}}, {"filters.total[0]": "must be a text, a whole number, true or false"}),
    ],
)
def test_a_fault_in_one_of_several_forms_is_reported_once_and_as_the_callers_field(
    model: type[Model], given: dict[str, Any], faults: dict[str, str]
) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(given)
    (name,) = given.keys() - {"channel"}
    assert {f.path: f.message for f in field_errors(refused.value) if f.path.startswith(name)} == faults


def test_a_template_of_an_unknown_language_names_the_language() -> None:
    with pytest.raises(ValidationError) as refused:
        CollectorStepIn.model_validate({"channel": "sms", "template": {"klingon": {"body": "B"}}})
    (fault,) = field_errors(refused.value)
    assert fault.path == "template.klingon"
    assert fault.message.startswith("must be a language")
