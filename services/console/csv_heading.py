"""Name the columns of a CSV file as the API knows them, where a person said which is which; the rest stays as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

LEFT_OUT: Final = "-"  # a column that is not imported: the API ignores one without a name
COLUMNS_MAX: Final = 200  # as the API takes
HEADING_BYTES_MAX: Final = 64 * 1024  # 200 names of columns, with room for long ones
DELIMITERS: Final = (",", ";", "\t", "|")
_ADDRESS: Final = ("street", "city", "postal_code", "region", "country")
FIELDS: Final[Mapping[str, Sequence[str]]] = {
    "clients": (
        "name", "type", "first_name", "last_name", "email", "phone", "reg_number", "vat_number",
        *(f"address.{part}" for part in _ADDRESS), *(f"shipping_address.{part}" for part in _ADDRESS),
        "locale", "currency", "pay_term.days", "external_id", "comment",
    ),
    "products": (
        "code", "name", "type", "description", "barcode", "unit", "unit_price", "currency", "tax_rate", "tax_category",
        "external_id",
    ),
}  # fmt: skip
"""What a column can be."""
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def with_columns(content: bytes, columns: Sequence[str]) -> bytes:
    """The file with another heading: each column by its field, `LEFT_OUT`, or empty for its own name.

    A file in UTF-16, or one whose heading does not end, stays as it is.
    """
    if not any(columns) or content.startswith(_UTF_16):
        return content
    text = content[:HEADING_BYTES_MAX].decode("latin-1")  # byte by byte, whatever the charset is
    lines = io.StringIO(text, newline="")
    first = lines.readline()
    if first[:4].lower() == "sep=":
        first = lines.readline()
    begins = lines.tell() - len(first)
    delimiter = max(DELIMITERS, key=first.count)
    lines.seek(begins)
    try:
        names = next(csv.reader(lines, delimiter=delimiter))
    except (csv.Error, StopIteration):
        return content
    given = [*columns[:COLUMNS_MAX], *[""] * len(names)]
    named = [name if not new else "" if new == LEFT_OUT else new for name, new in zip(names, given, strict=False)]
    heading = io.StringIO(newline="")
    csv.writer(heading, delimiter=delimiter, lineterminator="\n").writerow(named)
    return content[:begins] + heading.getvalue().encode("latin-1") + content[lines.tell() :]
