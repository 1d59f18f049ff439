"""Every word on paper that is ours, in each language there is: a module for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ingress.pdf.labels.en import EN
from ingress.pdf.labels.es import ES
from ingress.pdf.labels.fr import FR, FR_CA
from ingress.pdf.labels.lv import LV
from ingress.pdf.labels.shape import Labels

LABELS: Final[Mapping[str, Labels]] = {"en": EN, "fr": FR, "fr_CA": FR_CA, "es": ES, "lv": LV}
"""By language; a whole locale only where a country says it otherwise."""

USUAL: Final = "en"


def spoken(locale: str) -> str:
    """The locale that a document for this one is written in: itself, or `USUAL` where its language is not here.

    >>> spoken("fr-BE"), spoken("de_AT")
    ('fr_BE', 'en')
    """
    named = locale.replace("-", "_")
    return named if named.partition("_")[0] in LABELS else USUAL


def labels_of(locale: str) -> Labels:
    """The words for a locale that `spoken` gave."""
    return LABELS.get(locale) or LABELS[locale.partition("_")[0]]
