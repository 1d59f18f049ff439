"""Default texts of mails with a document, in the client's language where it is supported."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from contracts.resources.document_kinds import KINDS, SaleType

_SUBJECT: Final = MappingProxyType({"en": "{title} {number}", "fr": "{title} {number}", "es": "{title} {number}"})
_BODY: Final = MappingProxyType({
    "en": "Dear {name},\n\nplease find attached {title} {number} of {total} {currency}.{due}\n",
    "fr": "Bonjour {name},\n\nveuillez trouver ci-joint : {title} {number}, {total} {currency}.{due}\n",
    "es": "Hola, {name}:\n\nadjuntamos {title} {number} por {total} {currency}.{due}\n",
})  # fmt: skip
_DUE: Final = MappingProxyType({
    "en": " It is due on {date}.", "fr": " À payer avant le {date}.", "es": " Vence el {date}.",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What the texts name: `total` is a decimal text, `due` a date as text where something is to be paid."""

    sale_type: SaleType
    number: str
    name: str
    total: str
    currency: str
    due: str | None


def subject_and_body(facts: DocumentFacts, locale: str) -> tuple[str, str]:
    """The subject and the plain text of a mail with this document; English where we do not speak the language."""
    language = locale[:2].lower() if locale[:2].lower() in _BODY else "en"
    title = KINDS[facts.sale_type].titles[language]
    due = _DUE[language].format(date=facts.due) if facts.due else ""
    body = _BODY[language].format(
        name=facts.name, title=title, number=facts.number, total=facts.total, currency=facts.currency, due=due
    )
    return _SUBJECT[language].format(title=title, number=facts.number), body
