"""The default texts of mails with a document."""

from __future__ import annotations

import pytest

from contracts.resources.document_kinds import KINDS, SaleType
from ledger.sales.default_texts import DocumentFacts, subject_and_body


@pytest.mark.parametrize("locale", ["en", "fr-BE", "es"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_names_its_document_as_the_paper_does(kind: SaleType, locale: str) -> None:
    subject, body = subject_and_body(DocumentFacts(kind, "N-7", "Aya Ozola", "5.00", "EUR", None), locale)
    assert subject == f"{KINDS[kind].titles[locale[:2]]} N-7"
    assert subject in body


def test_a_mail_in_another_language_is_in_english() -> None:
    subject, body = subject_and_body(
        DocumentFacts("sales_invoice", "INV-7", "Aya Ozola", "5.00", "EUR", "2026-03-16"), "lv"
    )
    assert subject == "Invoice INV-7"
    assert body.endswith("INV-7 of 5.00 EUR. It is due on 2026-03-16.\n")
