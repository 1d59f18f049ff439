"""Each language has every word."""

from __future__ import annotations

from dataclasses import fields
from string import Formatter
from typing import get_args

import pytest

from contracts.resources.document_kinds import KINDS
from contracts.resources.schemas import PaymentMethod
from documents.pdf.fonts import typeface
from documents.pdf.labels import LABELS, labels_of, spoken
from documents.pdf.labels.shape import Labels, Mark

ENGLISH = LABELS["en"]


def filled_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("locale", sorted(LABELS))
def test_a_language_has_every_word_and_fills_in_the_same(locale: str) -> None:
    labels = LABELS[locale]
    assert all(kind.titles[locale.partition("_")[0]] for kind in KINDS.values())
    assert set(labels.marks) == set(get_args(Mark))
    assert set(labels.methods) == set(get_args(PaymentMethod)) - {"not_defined"}
    assert set(labels.deliveries) == {1, 2, 3}
    assert {"one", "other"} <= set(labels.days)
    for field in fields(Labels):
        word, english = getattr(labels, field.name), getattr(ENGLISH, field.name)
        if isinstance(word, str):
            assert word
            assert typeface().can_draw(word)
            assert filled_in(word) == filled_in(english), field.name


@pytest.mark.parametrize(
    ("locale", "chosen"),
    [("fr-BE", "fr_BE"), ("lv", "lv"), ("de_AT", "en"), ("xx", "en"), ("", "en"), ("fr_CA", "fr_CA")],
)
def test_a_language_that_is_not_here_gives_way_to_english(locale: str, chosen: str) -> None:
    assert spoken(locale) == chosen
    assert labels_of(chosen)
