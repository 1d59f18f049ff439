"""The press: the loop goes on while it works, few wait, and what it needs is only loaded with the first PDF."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from documents.pdf.render import render_sale
from ingress.errors import Unavailable
from ingress.views.pdf_renderer import PdfRenderer
from tests.unit.pdf.builders import SELLER, a_line, a_sale


async def test_it_gives_what_rendering_gives() -> None:
    assert await PdfRenderer().sale(a_sale(), SELLER, locale="lv") == render_sale(a_sale(), SELLER, locale="lv")


async def test_a_request_beyond_the_queue_is_answered_with_retry_after() -> None:
    press = PdfRenderer(at_once=1, waiting_max=2)
    asked = [press.sale(a_sale(lines=[a_line()] * 50), SELLER, locale="en") for _ in range(5)]
    made = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(one, bytes) for one in made] == [True] * 3 + [False] * 2
    assert all(isinstance(one, Unavailable) for one in made[3:])
    assert await press.sale(a_sale(), SELLER, locale="en")


async def test_the_loop_turns_while_a_long_document_is_made() -> None:
    turns = 0
    making = asyncio.create_task(PdfRenderer().sale(a_sale(lines=[a_line()] * 2_000), SELLER, locale="en"))
    while not making.done():
        await asyncio.wait([making], timeout=0.001)
        turns += 1
    assert making.result().startswith(b"%PDF")
    assert turns > 10


async def test_a_fault_in_a_document_is_the_askers_alone() -> None:
    press = PdfRenderer(at_once=1, waiting_max=0)
    with pytest.raises(KeyError):
        await press.sale({}, SELLER, locale="en")
    assert await press.sale(a_sale(), SELLER, locale="en")


@pytest.mark.slow
def test_ingress_loads_neither_reportlab_nor_babel_before_the_first_pdf() -> None:
    program = "import sys, ingress.app; print(sorted({'reportlab', 'babel', 'PIL'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"
