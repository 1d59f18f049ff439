"""An equal document has equal bytes, wherever, whenever and beside whatever it is rendered."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO

import pytest
from pypdf import PdfReader

from documents.pdf.render import render_sale
from tests.unit.pdf.builders import SELLER, a_client, a_line, a_sale

pytestmark = pytest.mark.slow

SALE = a_sale(client=a_client("Ķēniņš & Δέλτα"), lines=[a_line("Юбка"), a_line("<b>")], comment="Paldies!")
_PROGRAM = """
from hashlib import sha256
from documents.pdf.render import render_sale
from tests.unit.pdf.builders import SELLER
from tests.unit.pdf.test_same_bytes import SALE
render_sale(SALE | {"number": "another"}, SELLER, locale="fr")
print(sha256(render_sale(SALE, SELLER, locale="lv")).hexdigest())
"""


@pytest.mark.parametrize(("seed", "zone"), [("1", "Asia/Tokyo"), ("2", "America/St_Johns")])
def test_another_process_place_and_time_make_no_difference(seed: str, zone: str) -> None:
    around = {"PYTHONHASHSEED": seed, "TZ": zone}
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=os.environ | around,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout.strip() == sha256(render_sale(SALE, SELLER, locale="lv")).hexdigest()


def test_the_order_of_fields_makes_no_difference() -> None:
    assert render_sale(dict(reversed(SALE.items())), SELLER, locale="en") == render_sale(SALE, SELLER, locale="en")


def test_many_threads_at_once_make_no_difference() -> None:
    sales = [SALE | {"number": f"N-{number}", "comment": chr(0x410 + number) * 9} for number in range(24)]
    alone = [render_sale(sale, SELLER, locale="en") for sale in sales]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda sale: render_sale(sale, SELLER, locale="en"), sales * 3)) == alone * 3


@pytest.mark.parametrize(
    "change",
    [{"number": "INV-2026-000043"}, {"settlement": "paid"}, {"document_date": "2026-03-03"}, {"comment": None}],
)
def test_another_document_has_other_bytes(change: dict[str, str | None]) -> None:
    assert render_sale(SALE | change, SELLER, locale="en") != render_sale(SALE, SELLER, locale="en")


def test_the_file_says_what_it_is_and_carries_its_own_date() -> None:
    read = PdfReader(BytesIO(render_sale(SALE, SELLER, locale="fr_BE")))
    assert read.metadata is not None
    assert (read.metadata.title, read.metadata.author) == ("Facture INV-2026-000042", "One Man Shop SIA")
    assert read.metadata.creation_date == datetime(2026, 3, 2, tzinfo=UTC)
    assert str(read.root_object["/Lang"]) == "fr-BE"
    assert [float(side) for side in read.pages[0].mediabox[2:]] == [595.28, 841.89]
