"""The text that a new step of a collector begins with, in each language of the console."""

from __future__ import annotations

import pytest

from console.collector_form import BODY
from console.i18n import translations
from templates.reminders import says_disputed


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_it_marks_disputed_invoices(language: str) -> None:
    assert says_disputed({"body": translations(language).gettext(BODY)})
