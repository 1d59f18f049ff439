"""Read every UBL, CII and Factur-X file of a folder both ways; count by format what agrees, differs, is refused."""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from documents.command_form import as_json
from documents.facturx import invoice_inside
from documents.parsed import Parsed
from documents.parser import BodyTooLarge, read_document
from documents.xml import XmlRefused
from tests.einvoice_report import independent
from tests.einvoice_report.independent import Reading

EXAMPLES_MAX: Final = 3
_CLOSE: Final = Decimal("1E-11")
_ADDRESS: Final = "/"


def files_in(folder: Path) -> Iterator[tuple[Path, str, bytes]]:
    """Yield every e-invoice: its path, its format and its XML."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in {".xml", ".pdf"} or not path.is_file():
            continue
        body = path.read_bytes()
        xml = (invoice_inside(body) or b"") if path.suffix.lower() == ".pdf" else body
        if (kind := independent.format_of(xml)) is not None:
            yield path, f"{kind} in PDF" if path.suffix.lower() == ".pdf" else kind, xml


def ours(xml: bytes) -> tuple[Parsed | None, str]:
    """Our reading, or why it is refused: the first fault, without the numbers of repeated elements."""
    try:
        found = read_document(xml, content_type="application/xml", box="purchases")
    except (XmlRefused, BodyTooLarge) as refused:
        return None, str(refused)
    if isinstance(found, Parsed):
        return found, ""
    return None, f"{found[0].path.rpartition(_ADDRESS)[2]} {found[0].message}"


def differences(parsed: Parsed, other: Reading) -> list[str]:
    """The fields in which both readings differ."""
    document = as_json(parsed.document)["document"]
    shipping = Decimal(document.get("shipping_charge", "0"))
    changes = sum(
        (Decimal(one["amount"]) * (1 if one["type"] == "charge" else -1) for one in document.get("adjustments", [])),
        shipping,
    )
    by_percent = any(one["mode"] == "pct" for one in document.get("adjustments", []))
    mine: dict[str, Any] = {
        "reference": document["document_ref"],
        "date": document["document_date"],
        "due": document.get("date_due"),
        "credit": document["sale_type"] == "credit_note",
        "currency": document["currency"],
        "supplier": " ".join(document["supplier"]["name"].split()),
        "client": " ".join((document.get("client") or {}).get("name", "").split()) or None,
        **{name: _amount(document, field) for name, field in _AMOUNTS.items()},
        "changes": other["changes"] if by_percent else changes,
        "files": len(parsed.attachments),
    }
    found = [name for name, value in mine.items() if not _same(value, other[name])]
    return found + _line_differences(document["lines"], other["lines"])


_AMOUNTS: Final = {
    "net": "net_amount", "gross": "gross_amount", "payable": "payable_amount", "prepaid": "prepaid_amount",
    "rounding": "rounding_amount",
}  # fmt: skip


def _amount(document: dict[str, Any], field: str) -> Decimal | None:
    return Decimal(document[field]) if field in document else None


def _same(mine: Any, other: Any) -> bool:
    """Equal; or the file states nothing and a gap was filled, with a warning."""
    if other is None:
        return True
    if isinstance(other, Decimal):
        return mine is not None and abs(Decimal(mine) - other) <= _CLOSE * max(Decimal(1), abs(other))
    if isinstance(other, str):
        return mine is not None and (mine == other or other.startswith(str(mine)) or str(mine).startswith(other))
    return bool(mine == other)


def _line_differences(mine: list[dict[str, Any]], other: list[tuple[Any, ...]]) -> list[str]:
    if not other:
        return []  # a profile without lines
    if len(mine) != len(other):
        return ["number of lines"]
    fields = ("quantity", "unit_price", "total", "tax_rate", "tax_category", "unit", "name")
    found = []
    for line, stated in zip(mine, other, strict=True):
        for field, value in zip(fields, stated, strict=True):
            shown = " ".join(str(line[field]).split()) if field == "name" and field in line else line.get(field)
            if not _same(shown, value):
                found.append(f"line {field}")
    return list(dict.fromkeys(found))


def main() -> int:
    """Print the report; the exit status is 1 where both readings differ in any file."""
    arguments = argparse.ArgumentParser(prog="python -m tests.einvoice_report", description=__doc__)
    arguments.add_argument("folder", type=Path)
    folder: Path = arguments.parse_args().folder
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    reasons: defaultdict[tuple[str, str, str], list[Path]] = defaultdict(list)
    for path, kind, xml in files_in(folder):
        counts[kind]["files"] += 1
        parsed, refused = ours(xml)
        if parsed is None:
            counts[kind]["refused"] += 1
            reasons[kind, "refused", refused[:100]].append(path)
            continue
        counts[kind]["taken"] += 1
        for code in {warning.code for warning in parsed.warnings}:
            reasons[kind, "warning", code].append(path)
        counts[kind]["without warning"] += not parsed.warnings
        differing = differences(parsed, independent.read(xml) or {})
        counts[kind]["equal"] += not differing
        for name in differing:
            reasons[kind, "differs", name].append(path)
    _print(counts, reasons, folder)
    return 1 if any(what == "differs" for _, what, _ in reasons) else 0


def _print(counts: dict[str, Counter[str]], reasons: dict[tuple[str, str, str], list[Path]], folder: Path) -> None:
    columns = ("files", "taken", "equal", "without warning", "refused")
    print(f"{'format':<12}" + "".join(f"{name:>17}" for name in columns))
    for kind, counted in sorted(counts.items()):
        print(f"{kind:<12}" + "".join(f"{counted[name]:>17}" for name in columns))
    for (kind, what, why), paths in sorted(reasons.items(), key=lambda one: (one[0][:2], -len(one[1]))):
        shown = ", ".join(str(path.relative_to(folder)) for path in paths[:EXAMPLES_MAX])
        print(f"{kind} {what}: {len(paths)} x {why} ({shown})")


if __name__ == "__main__":
    sys.exit(main())
