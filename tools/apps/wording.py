"""Labels and descriptions in the wording that the checks of Zapier and n8n want."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_SMALL: Final = frozenset({"a", "an", "and", "by", "for", "from", "in", "of", "on", "or", "over", "the", "to"})
_SPELLED: Final = {
    "bic": "BIC", "iban": "IBAN", "id": "ID", "ids": "IDs", "paytraq": "PayTraq", "pdf": "PDF", "ref": "Reference",
    "reg": "Registration", "sms": "SMS", "url": "URL", "vat": "VAT",
}  # fmt: skip
_PRESENT: Final = (
    (r"(?<!as it )\bwas\b", "is"), (r"\bwere\b", "are"), (r"\barrived\b", "arrives"), (r"\breplied\b", "replies"),
    (r"\bpromised to\b", "promises to"), (r"\bmoved on\b", "moves on"), (r"\bhas passed\b", "passes"),
    (r"\bcame in\b", "comes in"), (r"\bdid not come\b", "does not come"), (r"\bhas changed\b", "changes"),
    (r"^A person rejected\b", "A person rejects"), (r"\brule accepted\b", "rule accepts"),
    (r": it became\b", ": it becomes"), (r"^A run of an automation failed", "A run of an automation fails"),
)  # fmt: skip


def title(text: str) -> str:
    """In title case: `New Sales Document`."""
    words = text.split()
    outer = {0, len(words) - 1}
    return " ".join(_titled(word, outer=index in outer) for index, word in enumerate(words))


def _titled(word: str, *, outer: bool) -> str:
    if not outer and word.lower() in _SMALL:
        return word.lower()
    return _SPELLED.get(word.lower()) or (word[0].upper() + word[1:])


def label_of(path: Sequence[str]) -> str:
    """The label of the value at a path: `Client Address City`; ids go by what they are of."""
    inner = path[1:] if len(path) > 1 and path[0] == "document" else path
    words = [word for name in inner for word in name.split("_")]
    if len(words) > 1 and words[-1] == "id" and words[-2] != "external":
        words = words[:-1]
    elif len(words) > 1 and words[-1] == "ids":
        words = [*words[:-2], f"{words[-2]}s"]
    return title(" ".join(words))


def sentence_case(text: str) -> str:
    """With small letters but for the first one and for abbreviations: `Send SMS`."""
    words = [word if word.isupper() else word.lower() for word in text.split()]
    return text[0].upper() + " ".join(words)[1:]


def sentence(text: str | None) -> str | None:
    """With a capital at its beginning and a full stop at its end."""
    if not text:
        return None
    text = " ".join(text.split())
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def triggers_when(description: str) -> str:
    """A trigger's description as Zapier wants it, such as "Triggers when a client is added".

    What the catalog says of the past is said of the present; a text that no rule knows stays as it is.
    """
    for past, present in _PRESENT:
        description = re.sub(past, present, description)
    first, _, rest = description.partition(" ")
    return f"Triggers when {first if first.isupper() and len(first) > 1 else first.lower()} {rest}"


def identifier(key: str) -> str:
    """A key as a name of code: `sale.posted` is `sale_posted`."""
    return re.sub(r"\W", "_", key)
