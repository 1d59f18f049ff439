"""Read forms that providers post, whole in memory: fields and files by their names."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from documents.mail.models import MailFile
from ingress.errors import Malformed
from ingress.http.multipart import FormBroken, FormParser, Part

FORM: Final = "application/x-www-form-urlencoded"
FIELDS_MAX: Final = 1_000  # providers send some twenty, and one for each file


Read = tuple[dict[str, bytes], list[MailFile]]


def read_urlencoded(raw: bytes) -> Read:
    """Read a form without files; of a name that comes twice, the first.

    Raises:
        Malformed: it is none.
    """
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="surrogateescape",
            max_num_fields=FIELDS_MAX,
        )
    except UnicodeDecodeError:
        raise Malformed("the body cannot be read as a form: it is not percent-encoded") from None
    except ValueError:
        raise Malformed(f"the form has more than {FIELDS_MAX} fields") from None
    fields: dict[str, bytes] = {}
    for name, value in pairs:
        fields.setdefault(name, value.encode("utf-8", "surrogateescape"))
    return fields, []


def read_parts(raw: bytes, boundary: str) -> Read:
    """Read a form with files.

    Raises:
        Malformed: it is none.
    """
    parser = FormParser(boundary)
    parts: list[tuple[Part, bytearray]] = []
    try:
        for event in parser.feed(raw):
            if isinstance(event, Part):
                parts.append((event, bytearray()))
            else:
                parts[-1][1].extend(event)
            if len(parts) > FIELDS_MAX:
                break
        else:
            parser.end()
    except FormBroken as error:
        raise Malformed(f"the body cannot be read as a form: {error}") from None
    if len(parts) > FIELDS_MAX:
        raise Malformed(f"the form has more than {FIELDS_MAX} fields")
    fields: dict[str, bytes] = {}
    files = []
    for part, content in parts:
        if part.filename is None:
            fields.setdefault(part.name, bytes(content))
        else:
            files.append(MailFile(part.filename, part.content_type or "application/octet-stream", bytes(content)))
    return fields, files
