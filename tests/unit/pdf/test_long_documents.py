"""Documents of many lines and long texts: on as many pages as they need, by work that grows as they do."""

from __future__ import annotations

from collections import Counter

import pytest

from documents.pdf.render import render_sale
from tests.support.work import calls_made
from tests.unit.pdf.builders import SELLER, a_line, a_sale
from tests.unit.pdf.reading import pages

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("count", [200, 5_000])
def test_every_line_is_there_and_every_page_has_headings_and_its_number(count: int) -> None:
    pdf = render_sale(a_sale(lines=[a_line(f"Item no. {n}.") for n in range(count)]), SELLER, locale="en")
    read = pages(pdf)
    assert all(f"Page {number} of {len(read)}" in page for number, page in enumerate(read, start=1))
    assert all("Description" in page for page in read[:-1])
    assert all("Invoice INV-2026-000042" in page for page in read[1:])
    whole = " ".join(read)
    assert [n for n in range(count) if f"Item no. {n}." not in whole] == []
    assert "Amount due €165.01" in read[-1]
    assert len(pdf) < count * 200 + 50_000


def test_ten_times_as_many_lines_are_ten_times_the_work() -> None:
    def calls(count: int) -> int:
        sale = a_sale(lines=[a_line(f"Item no. {n}.") for n in range(count)])
        return calls_made(lambda: render_sale(sale, SELLER, locale="en"))

    calls(1)  # the typeface is read once
    assert calls(2_000) < 10.5 * calls(200)


def test_a_text_longer_than_a_page_goes_on_below_the_headings_of_the_next() -> None:
    text = " ".join(f"word{n}" for n in range(1, 1_200))
    read = pages(render_sale(a_sale(lines=[a_line(text), a_line("after it")], comment=text), SELLER, locale="en"))
    assert len(read) > 3
    assert text in " ".join(read[-2:]).replace(" Page", "\nPage") or all(
        f"word{n}" in " ".join(read) for n in range(1, 1_200)
    )
    words = Counter(" ".join(read).split())
    assert [word for word in text.split() if words[word] != 2] == []  # once as a line, once as a note
    assert read[1].count("Description") == 1
    assert read[0].count("138.66 19% 138.66") == 1


def test_many_taxes_and_charges_share_pages_side_by_side() -> None:
    taxes = [{"category": f"T{n}", "rate": "1", "net": "1.00", "tax": "0.01"} for n in range(120)]
    charges = [
        {"type": "charge", "mode": "amount", "amount": "1.00", "description": f"Fee {n}.", "net": "1.00"}
        for n in range(100)
    ]
    read = pages(render_sale(a_sale(taxes=taxes, adjustments=charges), SELLER, locale="en"))
    whole = " ".join(read)
    assert all(f"T{n} 1%" in whole for n in range(120))
    assert all(f"Fee {n}." in whole for n in range(100))
    assert len(read) < 8
