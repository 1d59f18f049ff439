"""What a document may cost: line breaks are bounded, and accounts take turns at the press."""

from __future__ import annotations

import asyncio

from contracts.primitives.ids import new_id
from documents.pdf.content import LINE_BREAKS_MAX, content_of
from documents.pdf.fonts import typeface
from documents.pdf.render import pages_of
from ingress.errors import TooManyRequests
from ingress.views.pdf_renderer import ACCOUNT_MAX, PdfRenderer
from tests.unit.pdf.builders import SELLER, a_line, a_sale


def test_line_breaks_are_bounded_and_no_word_is_lost() -> None:
    texts = "\n".join(f"w{number}" for number in range(3_000))
    lines = [a_line(description="a" + "\n" * 9_000 + "b") for _ in range(20)]
    wording = content_of(a_sale(comment=texts, lines=lines), SELLER, locale="en", typeface=typeface())
    assert wording.notes.split() == texts.split()
    assert all(line.text.split() == ["a", "b"] for line in wording.lines)
    assert sum(line.text.count("\n") for line in wording.lines) + wording.notes.count("\n") <= LINE_BREAKS_MAX
    assert len(pages_of(wording, typeface())) < 60


async def test_one_accounts_documents_leave_a_place_for_those_of_others() -> None:
    press, one, other = PdfRenderer(), new_id(), new_id()
    slow, order = a_sale(lines=[a_line()] * 100), list[str]()

    async def make(name: str, account_id: object) -> None:
        await press.sale(slow, SELLER, locale="en", account_id=account_id)  # type: ignore[arg-type]  # an id
        order.append(name)

    made = await asyncio.gather(
        *(make("one", one) for _ in range(ACCOUNT_MAX + 3)), make("other", other), return_exceptions=True
    )
    refused = [said for said in made if said is not None]
    assert len(refused) == 3
    assert all(isinstance(said, TooManyRequests) for said in refused)
    assert order.index("other") <= 3


def test_a_character_that_cannot_be_drawn_is_a_question_mark() -> None:
    assert typeface().clean("日本商事 SIA") == "???? SIA"
