"""The heading of a CSV file, named column by column without a change of any other byte."""

from __future__ import annotations

import pytest

from console.csv_heading import FIELDS, with_columns
from ingress.imports.cells import COLUMNS


@pytest.mark.parametrize("kind", ["clients", "products"])
def test_each_field_that_is_offered_is_one_that_the_import_reads(kind: str) -> None:
    assert set(FIELDS[kind]) <= COLUMNS[kind].keys()  # type: ignore[index]


@pytest.mark.parametrize(
    ("content", "columns", "expected"),
    [
        (b"Kurz,Was\r\nA,\xe4\r\n", ["code", "name"], b"code,name\nA,\xe4\r\n"),
        (b"Kurz;Was;Rest\nA;B;C\n", ["code", "", "-"], b"code;Was;\nA;B;C\n"),
        (b'sep=;\n"Was; es";Kurz\nA;B\n', ["name", "code"], b"sep=;\nname;code\nA;B\n"),
        (b'"Two\nlines",B\nA,B\n', ["name"], b"name,B\nA,B\n"),
        (b"A,B\n1,2\n", ["", ""], b"A,B\n1,2\n"),
        (b"A,B", ["name", "email", "phone"], b"name,email\n"),
        ("A,B\n".encode("utf-16"), ["name"], "A,B\n".encode("utf-16")),
        (b"", ["name"], b""),
    ],
)
def test_the_heading_alone_is_changed(content: bytes, columns: list[str], expected: bytes) -> None:
    assert with_columns(content, columns) == expected
