"""Redact credentials in responses: some servers repeat what they were sent. Pure."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

REDACTED: Final = "[secret]"
SECRET_CHARACTERS_MIN: Final = 4  # shorter ones would redact ordinary words
SEGMENT_CHARACTERS_MIN: Final = 5  # of a URL's path
WORD_CHARACTERS_MAX: Final = 15  # a path's segment of small letters up to this long is a word, as in /services/orders
BASE64_CHARACTERS_MIN: Final = 8  # of a secret inside a longer text that was encoded as a whole

_PARTS: Final = re.compile(r"[\s;,=]+")


class Secrets:
    """Sent secrets, in the forms in which servers repeat them: plain, in base64, URL-encoded, in JSON."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        forms = {form for secret in _secrets(url, headers) for form in _forms(secret)}
        self._forms = sorted(forms | {form.lower() for form in forms}, key=len, reverse=True)

    def redact(self, value: Any) -> Any:
        """A JSON value, or the names and texts in it, without the secrets."""
        match value:
            case str():
                for form in self._forms:
                    value = value.replace(form, REDACTED)
                return value
            case list():
                return [self.redact(part) for part in value]
            case dict():
                return {self.redact(name): self.redact(part) for name, part in value.items()}
            case _:
                return value

    def redact_bytes(self, data: bytes) -> bytes:
        """A file without the secrets."""
        for form in self._forms:
            data = data.replace(form.encode(), REDACTED.encode())
        return data


def _secrets(url: str, headers: Mapping[str, str]) -> Iterator[str]:
    for value in headers.values():
        yield from _long_enough(value, *_PARTS.split(value))
        scheme, _, rest = value.partition(" ")
        if scheme.lower() == "basic":
            yield from _long_enough(*_user_and_password(rest))
    parts = urlsplit(url)
    if not (parts.path.strip("/") or parts.query):
        return
    yield from _long_enough(url)
    for segment in parts.path.split("/"):
        word = segment.isalpha() and segment.islower() and len(segment) <= WORD_CHARACTERS_MAX
        if len(segment) >= SEGMENT_CHARACTERS_MIN and not word:
            yield segment
    for pair in parts.query.split("&"):
        yield from _long_enough(pair.partition("=")[2] or pair)


def _user_and_password(encoded: str) -> tuple[str, ...]:
    try:
        both = b64decode(encoded.strip()).decode()
    except ValueError:
        return ()
    return both, both.partition(":")[2]


def _long_enough(*texts: str) -> Iterator[str]:
    yield from (text for text in texts if len(text) >= SECRET_CHARACTERS_MIN)


def _forms(secret: str) -> Iterator[str]:
    for plain in {secret, unquote(secret)}:
        if len(plain) < SECRET_CHARACTERS_MIN:
            continue
        as_json = json.dumps(plain)[1:-1]
        yield from (plain, quote(plain, safe=""), quote(plain), quote_plus(plain))
        yield from (as_json, as_json.replace("/", "\\/"), json.dumps(plain, ensure_ascii=False)[1:-1])
        yield from _in_base64(plain.encode())


def _in_base64(secret: bytes) -> Iterator[str]:
    """Alone, and inside a longer text: what it looks like depends on where among three bytes it begins."""
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(secret).decode().rstrip("=")
        for offset in range(3):
            encoded = encode(b"\0" * offset + secret).decode().rstrip("=")
            # Characters that also hold bits of the neighbouring bytes are left out.
            certain = encoded[(0, 2, 3)[offset] : len(encoded) - (1 if (offset + len(secret)) % 3 else 0)]
            if len(certain) >= BASE64_CHARACTERS_MIN:
                yield certain


NO_SECRETS: Final = Secrets("", {})
