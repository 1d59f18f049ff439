"""Convert a written country to its code: a code of two or three letters, or a name in a common language.

The names are CLDR's, by babel, which is only imported for a name: most senders write codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

LANGUAGES: Final = ("en", "fr", "es", "lv", "lt", "et", "de")

_CODE: Final = re.compile(r"[A-Z]{2}", re.ASCII)
# Greece in VAT numbers, and a common code that ISO reserves.
_OTHERWISE: Final = {"EL": "GR", "UK": "GB"}


def country_code(name: str) -> str | None:
    """The ISO 3166 code of two letters; None when it is no country that we know by this name."""
    text = " ".join(name.split())
    code = text.upper()
    if _CODE.fullmatch(code):
        return _OTHERWISE.get(code, code)
    return _names().get(text.casefold())


@cache
def _names() -> Mapping[str, str]:
    from babel import Locale  # noqa: PLC0415  only for who needs it: 10 MB
    from babel.core import get_global  # noqa: PLC0415

    found = {
        name.casefold(): code
        for language in reversed(LANGUAGES)  # the first wins
        for code, name in Locale.parse(language).territories.items()
        if _CODE.fullmatch(code)
    }
    aliases = {
        alias.casefold(): codes[0] for alias, codes in get_global("territory_aliases").items() if len(codes) == 1
    }
    return aliases | found
