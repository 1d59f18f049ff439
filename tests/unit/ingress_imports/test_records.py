"""Files of clients and products, read line by line."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingress.imports.cells import COLUMNS, row_of
from ingress.imports.headers import Unreadable
from ingress.imports.lines import LINE_BYTES_MAX
from ingress.imports.records import BadRecord, Record, records


def read(content: str | bytes, *, kind: Any = "clients", form: Any = "csv", on_conflict: Any = "error") -> list[Any]:
    raw = content.encode() if isinstance(content, str) else content
    return list(records(io.BytesIO(raw), kind=kind, form=form, on_conflict=on_conflict))


def bad(found: list[Any]) -> list[tuple[int, str]]:
    return [(one.line, fault.path) for one in found if isinstance(one, BadRecord) for fault in one.faults]


def good(found: list[Any]) -> list[tuple[int, dict[str, Any]]]:
    return [(one.line, one.given) for one in found if isinstance(one, Record)]


def test_a_row_is_the_object_that_its_columns_tell() -> None:
    (record,) = read(
        "name,email,address.city,address.country,pay_term.type,pay_term.days,contacts,phone\r\n"
        'Ozola,a@a.example,Rīga,LV,1,14,"[{""name"":""Aija""}]",\r\n'
    )
    assert record.line == 2
    assert record.given == {
        "name": "Ozola",
        "email": "a@a.example",
        "address": {"city": "Rīga", "country": "LV"},
        "pay_term": {"type": 1, "days": 14},
        "contacts": [{"name": "Aija"}],
        "on_conflict": "error",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_tables_of_every_make_are_read(delimiter: str, start: str, ending: str) -> None:
    rows = [["Name", " EMAIL "], ["A", "a@a.example"], ["", ""], ["B", ""]]
    content = start + ending.join(delimiter.join(row) for row in rows)
    assert [(line, given["name"]) for line, given in good(read(content))] == [(2, "A"), (4, "B")]


def test_leading_zeros_stay() -> None:
    (record,) = read("name,reg_number,address.postal_code\nA,00400,01010\n")
    assert (record.given["reg_number"], record.given["address"]["postal_code"]) == ("00400", "01010")


def test_every_fault_of_a_line_is_reported_and_the_next_is_read() -> None:
    found = read("name,email,currency,pay_term.type\nA,nobody,ZZZ,9\n,a@a.example,,\nB,,,\n")
    assert bad(found) == [(2, "currency"), (2, "email"), (2, "pay_term.type"), (3, "name")]
    assert good(found)[0][0] == 4


def test_a_line_with_a_break_within_counts_from_its_first() -> None:
    found = read('name,comment\n"A","one\ntwo"\nB,three,four\nC,\n')
    assert good(found)[0] == (2, {"name": "A", "comment": "one\ntwo", "on_conflict": "error"})
    assert bad(found) == [(4, "")]
    assert good(found)[1][0] == 5


@pytest.mark.parametrize(
    ("content", "kind", "paths"),
    [
        ("", "clients", ["name"]),
        ("email\n", "clients", ["name"]),
        ("name,colour,name\n", "clients", ["colour", "name"]),
        ("name\n", "products", ["code"]),
        (b"n\xffme\n", "clients", ["line 1"]),
        ("x" * (LINE_BYTES_MAX + 1), "clients", ["line 1"]),
    ],
)
def test_a_table_with_a_wrong_head_is_none(content: str | bytes, kind: str, paths: list[str]) -> None:
    with pytest.raises(Unreadable) as refused:
        read(content, kind=kind)
    assert [fault.path for fault in refused.value.faults] == paths


def test_what_the_ledger_computes_itself_is_passed_over() -> None:
    line = {"id": "1", "name": "A", "archived": False, "balance": [], "created_at": "x", "updated_at": "y"}
    for found in (
        read("id,name,archived,balance,created_at,updated_at\n1,A,false,[],x,y\n"),
        read(orjson.dumps(line), form="jsonl"),
    ):
        assert good(found)[0][1] == {"name": "A", "on_conflict": "error"}


def test_json_lines_are_objects_one_by_one() -> None:
    found = read(
        b'{"name": "A", "contacts": [{"name": "B"}]}\n\n[1]\n{"name": \n{"name": "C", "colour": "red"}\n'
        b'{"name": "D\\u0000"}\n{"name": "E", "on_conflict": "update"}\n\xff\n{"name": "F"}',
        form="jsonl",
        on_conflict="update",
    )
    assert [(line, given["name"], given["on_conflict"]) for line, given in good(found)] == [
        (1, "A", "update"),
        (9, "F", "update"),
    ]
    assert bad(found) == [(3, ""), (4, ""), (5, "colour"), (6, ""), (7, "on_conflict"), (8, "")]


def test_lines_that_are_no_text_or_too_long_are_named() -> None:
    long = b"A," + b"x" * LINE_BYTES_MAX
    found = read(b"name,comment\n\xff\xfe,a\n" + long + b"\nB,\x00\nC,\n")
    assert sorted(bad(found)) == [(2, ""), (3, ""), (4, "")]
    assert [line for line, _ in good(found)] == [5]


def test_a_quote_that_is_never_closed_costs_no_more_than_its_line_may_have() -> None:
    content = 'name,comment\n"A' + "\n".join(["x" * 1000] * 300) + "\n"
    assert bad(read(content))


@pytest.mark.parametrize("text", ["=1+1", "+371 2", "-5", "@home", "'=x", "\tx", "''+1"])
def test_what_a_spreadsheet_would_run_leaves_guarded_and_comes_back(text: str) -> None:
    (cell,) = row_of({"name": text}, ["name"])
    assert cell[0] == "'"
    (record,) = read(b"name,comment\n" + cell.encode() + b",x\n")
    assert record.given["name"] == text.strip()


words = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=1, max_size=40).filter(
    lambda text: text.strip() == text
)


@given(name=words, city=words, comment=words)
def test_a_client_that_leaves_comes_back_as_it_was(name: str, city: str, comment: str) -> None:
    client = {"name": name, "address": {"city": city, "street": None}, "contacts": [], "comment": comment}
    columns = list(COLUMNS["clients"])
    out = io.StringIO()
    import csv  # noqa: PLC0415

    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerow(row_of(client, columns))
    (record,) = read(out.getvalue())
    assert record.given == {"name": name, "address": {"city": city}, "comment": comment, "on_conflict": "error"}
