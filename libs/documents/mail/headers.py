"""Read single headers of mails, whatever stands in them: the standard library's parser raises on some."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from email.message import Message
from email.utils import getaddresses
from typing import Any, Final, TypeVar

from contracts.resources.received_messages import ADDRESS_CHARS_MAX, REFERENCES_MAX, SUBJECT_CHARS_MAX

T = TypeVar("T")
Headers = Sequence[tuple[str, str]]

HEADER_CHARS_MAX: Final = 20_000  # RFC 5322 bounds a line at 998; a thread's References have some dozen
HEADERS_MAX: Final = 500  # of one mail; long ways through servers leave a hundred
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,996}>")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def safely(read: Callable[[], T], otherwise: T) -> T:
    """What `read` gives; `otherwise` where the standard library meets a fault of its own in hostile input."""
    try:
        return read()
    except RecursionError:
        raise
    except Exception:  # noqa: BLE001  email raises IndexError, AttributeError, ... on what it cannot parse
        return otherwise


def clean(text: str) -> str:
    """Text that can be stored: no control characters, no half characters."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.encode("utf-8", "replace").decode())


def headers_of(message: Message[Any, Any]) -> list[tuple[str, str]]:
    """A mail's headers in order, decoded, names in small letters, each bounded."""
    found = []
    for name, raw in list(message.raw_items())[:HEADERS_MAX]:
        text = str(raw)[:HEADER_CHARS_MAX]
        if len(str(raw)) <= HEADER_CHARS_MAX:
            text = safely(lambda name=name, raw=raw: str(message.policy.header_fetch_parse(name, raw)), text)  # type: ignore[misc]
        found.append((name.lower(), clean(text)))
    return found


def first(headers: Headers, *names: str) -> str | None:
    """The first of these headers that is there and not blank, in the order of the names."""
    for wanted in names:
        for name, value in headers:
            if name.lower() == wanted and value.strip():
                return value.strip()
    return None


def address_in(value: str | None) -> str | None:
    """The first mail address of a header such as `Aija <aija@ozola.example>`."""
    if value is None:
        return None
    found: list[tuple[str, str]] = safely(lambda: getaddresses([value[:HEADER_CHARS_MAX]]), [])
    address = next((address for _, address in found if "@" in address), None)
    return None if address is None else clean(address)[:ADDRESS_CHARS_MAX]


def message_ids_in(values: Iterable[str | None]) -> tuple[str, ...]:
    """The Message-IDs that headers name, in order, each once, bounded."""
    found = [one for value in values if value for one in _MESSAGE_ID.findall(value[:HEADER_CHARS_MAX])]
    return tuple(dict.fromkeys(found))[:REFERENCES_MAX]


def references_of(headers: Headers) -> tuple[str, ...]:
    """The Message-IDs that a mail answers, the nearest first."""
    thread = reversed(message_ids_in([first(headers, "references")]))
    return tuple(dict.fromkeys([*message_ids_in([first(headers, "in-reply-to")]), *thread]))[:REFERENCES_MAX]


def subject_in(headers: Headers) -> str | None:
    """The subject on one line."""
    subject = first(headers, "subject")
    return None if subject is None else " ".join(clean(subject).split())[:SUBJECT_CHARS_MAX]
