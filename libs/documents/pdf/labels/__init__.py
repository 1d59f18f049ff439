"""Every word on paper that is ours, in each language there is: a module for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from documents.pdf.labels.en import EN
from documents.pdf.labels.es import ES
from documents.pdf.labels.fr import FR, FR_CA
from documents.pdf.labels.lv import LV
from documents.pdf.labels.shape import Labels

LABELS: Final[Mapping[str, Labels]] = {"en": EN, "fr": FR, "fr_CA": FR_CA, "es": ES, "lv": LV}
"""By language; a whole locale only where a country says it otherwise."""

DEFAULT_LANGUAGE: Final = "en"


def spoken(locale: str) -> str:
    """The locale that a document for this one is written in: itself, or `USUAL` where its language is not here.

    >>> spoken("fr-BE"), spoken("de_AT")
    ('fr_BE', 'en')
    """
    named = locale.replace("-", "_")
    return named if named.partition("_")[0] in LABELS else DEFAULT_LANGUAGE


def labels_of(locale: str) -> Labels:
    """The words for a locale that `spoken` gave."""
    return LABELS.get(locale) or LABELS[locale.partition("_")[0]]
