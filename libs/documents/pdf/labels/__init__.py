"""The labels of the PDF, one module a language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from documents.pdf.labels.en import EN
from documents.pdf.labels.es import ES
from documents.pdf.labels.fr import FR, FR_CA
from documents.pdf.labels.lv import LV
from documents.pdf.labels.shape import Labels

LABELS: Final[Mapping[str, Labels]] = {"en": EN, "fr": FR, "fr_CA": FR_CA, "es": ES, "lv": LV}
"""By language; a whole locale only where a country has other terms."""

DEFAULT_LANGUAGE: Final = "en"


def spoken(locale: str) -> str:
    """The locale that a document for this one is written in: itself, or the default where its language has no labels.

    >>> spoken("fr-BE"), spoken("de_AT")
    ('fr_BE', 'en')
    """
    named = locale.replace("-", "_")
    return named if named.partition("_")[0] in LABELS else DEFAULT_LANGUAGE


def labels_of(locale: str) -> Labels:
    """The labels for a locale that `spoken` returned."""
    return LABELS.get(locale) or LABELS[locale.partition("_")[0]]
