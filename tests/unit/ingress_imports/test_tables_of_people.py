"""Tables as people and their programs make them: names, numbers, charsets, line endings and broken quotes."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingress.imports.cells import COLUMNS, row_of
from ingress.imports.headers import COLUMNS_MAX, Unreadable
from ingress.imports.lines import READ_BYTES
from ingress.imports.records import BadRecord, Record, records
from ingress.imports.tables import RECORD_LINES_MAX, TICK_LINES


def read(content: str | bytes, kind: Any = "clients", **options: Any) -> list[Record | BadRecord]:
    raw = content.encode() if isinstance(content, str) else content
    options = {"form": "csv", "on_conflict": "error"} | options
    return [one for one in records(io.BytesIO(raw), kind=kind, **options) if one is not None]


def good(found: list[Record | BadRecord]) -> list[tuple[int, dict[str, Any]]]:
    said = [(one.line, dict(one.given)) for one in found if isinstance(one, Record)]
    for _, fields in said:
        assert fields.pop("on_conflict") == "error"
    return said


def bad(found: list[Record | BadRecord]) -> list[tuple[int, str]]:
    return [(one.line, fault.path) for one in found if isinstance(one, BadRecord) for fault in one.faults]


@pytest.mark.parametrize(
    ("header", "kind", "columns"),
    [
        ("Name;E-Mail", "clients", ["name", "email"]),
        ("NAME,e_mail,Address.City", "clients", ["name", "email", "address.city"]),
        ("Company Name;E-mail address;Post code;VAT No.", "clients",
         ["name", "email", "address.postal_code", "vat_number"]),
        ("Nom;Prénom;Nom de famille;Courriel;Téléphone;Ville;Code postal;Pays;N° TVA", "clients",
         ["name", "first_name", "last_name", "email", "phone", "address.city", "address.postal_code",
          "address.country", "vat_number"]),
        ("Nombre;Apellidos;Correo electrónico;Teléfono;Dirección;Ciudad;Código Postal;País;NIF/CIF", "clients",
         ["name", "last_name", "email", "phone", "address.street", "address.city", "address.postal_code",
          "address.country", "vat_number"]),
        ("SKU,Product name,Price,VAT %", "products", ["code", "name", "unit_price", "tax_rate"]),
        ("Référence;Désignation;Prix unitaire;Devise;Taux de TVA;Unité", "products",
         ["code", "name", "unit_price", "currency", "tax_rate", "unit"]),
        ("Código;Nombre;Precio;Moneda;IVA", "products", ["code", "name", "unit_price", "currency", "tax_rate"]),
        ("id,name,,created_at,", "clients", ["name"]),
    ],
)  # fmt: skip
def test_columns_are_known_by_other_spellings_and_words(header: str, kind: str, columns: list[str]) -> None:
    from ingress.imports.headers import header_of  # noqa: PLC0415

    delimiter = ";" if ";" in header else ","
    found = header_of(header.split(delimiter), kind)  # type: ignore[arg-type]
    assert [name for name in found if name] == columns


def test_two_columns_that_mean_the_same_are_refused() -> None:
    with pytest.raises(Unreadable) as refused:
        read("name,email,E-Mail,colour\n")
    assert [fault.path for fault in refused.value.faults] == ["E-Mail", "colour"]
    with pytest.raises(Unreadable) as refused:
        read(",".join(["name"] * (COLUMNS_MAX + 1)))
    assert len(refused.value.faults) == 1


def prices(*cells: str, delimiter: str = ";", rates: tuple[str, ...] = ()) -> list[str]:
    """What prices are read as, "?" where they are a fault."""
    rates = rates or ("",) * len(cells)
    written = io.StringIO()
    table = csv.writer(written, delimiter=delimiter)
    table.writerow(["code", "name", "price", "vat"])
    table.writerows([str(number), "x", *pair] for number, pair in enumerate(zip(cells, rates, strict=True)))
    found = read(written.getvalue(), "products")
    return [one.given["unit_price"] if isinstance(one, Record) else "?" for one in found]


@pytest.mark.parametrize(
    ("cells", "read_as"),
    [
        (["1.234,50"], ["1234.50"]),
        (["12,5", "1.234", "1,234"], ["12.5", "1234", "1.234"]),
        (["12.5", "1,234"], ["12.5", "1234"]),
        (["1,234,567.89", "1.234.567,89"], ["1234567.89", "1234567.89"]),
        (["1 234,50", "1\u202f234,5", "1\u00a0234\u00a0567", "1'234.50"], ["1234.50", "1234.5", "1234567", "1234.50"]),
        (["0,125", "1234,567"], ["0.125", "1234.567"]),
        (["1,234"], ["?"]),
        (["1.234"], ["?"]),
        (["12,50", "12.50", "1,234", "1.234"], ["12.50", "12.50", "?", "?"]),
        (["1.2.3", "1,2,3", "12,34.5", "1,,5", "x", "1.234,5.6"], ["?"] * 6),
        (["7", "0", "-12,50", "+1"], ["7", "0", "?", "?"]),
        ([",5", ".5"], ["0.5", "0.5"]),
    ],
)
def test_a_decimal_mark_is_what_the_column_shows(cells: list[str], read_as: list[str]) -> None:
    found = prices(*cells)
    same = [a == b or (a != "?" != b and float(a) == float(b)) for a, b in zip(found, read_as, strict=True)]
    assert all(same), found


def test_other_columns_decide_where_a_column_shows_nothing() -> None:
    assert prices("1.234", "2,345", rates=("5,5 %", "21%")) == ["1234", "2.345"]
    assert prices("1,234", rates=("5.5",)) == ["1234"]


def test_a_point_is_a_decimal_point_in_a_table_as_we_export_it() -> None:
    assert prices("1.234", "12", delimiter=",") == ["1.234", "12"]
    assert prices("1,234", delimiter=",") == ["?"]


def test_what_is_ambiguous_is_said_with_its_line_column_and_meanings() -> None:
    (one,) = read('code,name,Price\nA,A,"1,234"\n', "products")
    assert isinstance(one, BadRecord)
    assert (one.line, one.faults[0].path) == (2, "unit_price")
    assert "1.234 or 1234" in one.faults[0].message


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("padding", range(READ_BYTES - 30, READ_BYTES + 4, 3))
def test_every_line_ending_is_read_wherever_it_falls(ending: str, padding: int) -> None:
    content = ending.join(["name,comment", "A," + "x" * 90, *["", ""], 'B,"one' + ending + 'two"', "C,"]) + ending
    blank = ending * max((padding - len(content)) // len(ending), 0)
    lines = blank.count("\n") or blank.count("\r")
    found = good(read("name,comment" + ending + blank + content.partition(ending)[2]))
    assert [(line - lines, given["name"]) for line, given in found] == [(2, "A"), (5, "B"), (7, "C")]
    assert found[1][1]["comment"] == f"one{ending}two"


@pytest.mark.parametrize(
    ("content", "bad_lines", "names"),
    [
        ('name,email\n"Open,a@b.example\nNext,b@b.example\n', [2], ["Next"]),
        ('name,email\n"Open,a@b.example\n"Next",b@b.example\nC,\n', [2], ["Next", "C"]),
        ('name,email\n"Open,a@b.example\nNext,b@b.example\nC,"c@c.example"\n', [2], ["Next", "C"]),
        ('name,email\n"Open,a@b.example\nNext,"b@b.example\nC,\n', [2, 3], ["C"]),
        ('name,email\nA,\n"x"y,\nB,\n', [3], ["A", "B"]),
        ('name,email\nA,\nB,"', [3], ["A"]),
        ('name,email\n"Open,' + "\nx," * (RECORD_LINES_MAX + 5) + "\n", [2], ["x"] * (RECORD_LINES_MAX + 5)),
    ],
)
def test_a_quote_that_is_not_closed_costs_its_own_line_alone(
    content: str, bad_lines: list[int], names: list[str]
) -> None:
    found = read(content)
    assert [line for line, _ in bad(found)] == bad_lines
    assert [given["name"] for _, given in good(found)] == names


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        ("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"), ("cp1252", "windows-1252"), ("cp1257", "windows-1257"),
    ],
)  # fmt: skip
def test_a_table_is_read_in_its_charset(encoding: str, charset: str | None) -> None:
    name = "Ö-Böhm" if encoding != "cp1257" else "Ķēniņš"
    found = read(f"name,comment\n{name},ä\n".encode(encoding), charset=charset)
    assert [given["name"] for _, given in good(found)] == [name]


@pytest.mark.parametrize(
    ("raw", "charset"),
    [
        (b"name,comment\nA,\nB\xf6hm,\nC,\n", None),
        (b"name,comment\nA,\nB\x81hm,\nC,\n", "windows-1252"),
        ("name,comment\nA,\nB\ud800hm,\nC,\n".encode("utf-16-le", "surrogatepass"), "utf-16-le"),
        ("name,comment\nA,\n".encode("utf-16-le") + b"B", "utf-16-le"),
    ],
)
def test_a_line_that_is_not_in_its_charset_is_named(raw: bytes, charset: str | None) -> None:
    found = read(raw, charset=charset)
    assert bad(found) == [(3, "")]
    assert [line for line, _ in good(found)] in ([2, 4], [2])


def test_reading_gives_way_where_there_is_nothing_to_give() -> None:
    content = b"code,name,price\n" + b"\n" * 1_000_000 + b",,\n" * 10 + b"A,A,1\n"
    steps = list(records(io.BytesIO(content), kind="products", form="csv", on_conflict="error"))
    assert len([step for step in steps if step is None]) >= 2 * len(content) // READ_BYTES - 2
    assert [one.line for one in steps if one is not None] == [1_000_012]
    named = b"code,name,price\n" + b"A,A,1\n" * (TICK_LINES * 4)
    first = next(place for place, one in enumerate(
        records(io.BytesIO(named), kind="products", form="csv", on_conflict="error")) if one is not None)  # fmt: skip
    assert first >= 4


FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# The separators U+001C to U+001F are white space to Python alone.
any_text = st.text(st.characters(codec="utf-8", exclude_characters="\0\x1c\x1d\x1e\x1f"), max_size=30)
risky = st.text(st.sampled_from("=+-@'\t\r\n;|\", x1\uff1d\uff0b\uff0d\uff20\u00a0"), max_size=12)
texts = any_text | risky


@example(name="", comment='"\t@', city="\"'@")
@given(name=texts, comment=texts, city=texts)
def test_what_leaves_comes_back_as_it_was(name: str, comment: str, city: str) -> None:
    columns = ["name", "comment", "address.city", "address.country"]
    out = io.StringIO()
    client = {"name": "x" + name, "comment": comment, "address": {"city": "x" + city, "country": "LV"}}
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([columns, row_of(client, columns)])
    ((_, given_back),) = good(read(out.getvalue().encode()))
    assert given_back["name"] == ("x" + name).strip()  # the model strips what the guard has kept
    assert given_back.get("comment", "") == comment
    assert given_back["address"]["city"] == ("x" + city).strip()


@example(['"@', "\" '@", '"\t"='])
@given(st.lists(texts, min_size=1, max_size=4))
def test_no_reader_of_whatever_dialect_finds_a_formula(cells: list[str]) -> None:
    columns = list(COLUMNS["clients"])[: len(cells)]
    out = io.StringIO()
    thing = dict(zip(columns, cells, strict=True))
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(row_of(thing, columns))
    written = out.getvalue()
    for delimiter in ",;\t|":
        for source, quoting in ((written, csv.QUOTE_MINIMAL), (written.replace("\r", "\n"), csv.QUOTE_NONE)):
            for row in csv.reader(io.StringIO(source, newline=""), delimiter=delimiter, quoting=quoting):  # type: ignore[arg-type]  # the stub wants literals
                assert not [cell for cell in row if cell.strip('" \n\r\t').startswith(FORMULAS)], (delimiter, row)
