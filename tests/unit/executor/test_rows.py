"""Rows of CSV files: by column, once, and never as a formula."""

from __future__ import annotations

from typing import Any

import pytest

from action_executor.stores.rows import Addition, AlreadyThere, NewFile, RowFault, add_row


def add(content: bytes | None, values: dict[str, Any], **given: Any) -> NewFile | Addition | AlreadyThere:
    return add_row(content, values, **({"id_column": None, "row_id": "r-1", "delimiter": ","} | given))


def test_an_empty_file_begins_with_the_columns() -> None:
    made = add(None, {"number": "A-1", "total": "165.01", "paid": True, "note": None}, id_column="row_id")
    assert made == NewFile(b"number,total,paid,note,row_id\r\nA-1,165.01,true,,r-1\r\n")


def test_an_empty_file_begins_in_the_order_that_is_wished() -> None:
    made = add(b"", {"total": "1", "number": "A-1"}, order=["number", "client"])
    assert made == NewFile(b"number,client,total\r\nA-1,,1\r\n")


def test_values_go_to_their_columns_in_whatever_order_they_come() -> None:
    made = add(b"total;number;client\n1;A-0;x\n", {"number": "A-1", "total": 7}, delimiter=";")
    assert made == Addition(b"7;A-1;\n", 3)


@pytest.mark.parametrize(
    ("content", "addition"),
    [(b"a,b\r\n1,2\r\n", b"x,\r\n"), (b"a,b\n1,2", b"\nx,\n"), (b"\xef\xbb\xbfa,b\n", b"x,\n")],
)
def test_a_files_own_line_ends_are_kept(content: bytes, addition: bytes) -> None:
    made = add(content, {"a": "x"})
    assert isinstance(made, Addition)
    assert made.content == addition


def test_a_row_with_the_same_id_is_there_already() -> None:
    content = b'number,row_id\n"A\n0",r-0\nA-1,r-1\nA-2,r-2\n'
    assert add(content, {"number": "A-1"}, id_column="row_id") == AlreadyThere(3)
    assert add(content, {"number": "A-1"}, id_column="row_id", row_id="r-3") == Addition(b"A-1,r-3\n", 5)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-1+1|x", "'-1+1|x"),
        ("\t=1", "'\t=1"),
        ("-12.50", "-12.50"),
        ("+37120000000", "+37120000000"),
        (-12.5, "-12.5"),
        ("A-1", "A-1"),
        ('say "=1"', '"say ""=1"""'),
    ],
)
def test_what_looks_like_a_formula_is_written_as_text(value: Any, written: str) -> None:
    made = add(b"a\n", {"a": value})
    assert isinstance(made, Addition)
    assert made.content.decode() == f"{written}\n"


@pytest.mark.parametrize(
    ("content", "values", "reason"),
    [
        (b"a,b\n", {"c": "x"}, "input.values.c: is no column of the file, which has a, b"),
        (b"\xff\xfe", {"a": "x"}, "input.file: is not UTF-8"),
        (b"a\n" + b"x\n" * 3_000_000, {"a": "x"}, "more than 5 MiB"),
        (None, {"=1": "x"}, "begin as a formula"),
    ],
)
def test_a_row_that_fits_nowhere_is_refused(content: bytes | None, values: dict[str, Any], reason: str) -> None:
    with pytest.raises(RowFault, match=reason):
        add(content, values)
