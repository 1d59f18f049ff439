"""Clean external text on arrival: the stored text is valid Unicode that Postgres accepts."""

from __future__ import annotations

from typing import Final

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def clean_text(given: str | bytes, *, length_max: int | None = None) -> str:
    """Return `given` without NUL and lone surrogates, each shown as U+FFFD; at most `length_max` characters.

    Bytes are read as UTF-8. Text may hold undecodable bytes as surrogates (`surrogateescape`).
    """
    data = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else given
    return data.decode("utf-8", "replace").replace("\x00", _REPLACEMENT)[:length_max]
