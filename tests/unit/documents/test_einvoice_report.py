"""The report on published e-invoices: our own samples agree in both readings, and what differs is reported."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from documents.facturx_writer import embedded
from documents.parser import read_document
from documents.pdf.render import render_sale
from tests.einvoice_report import independent
from tests.einvoice_report.__main__ import differences, files_in, ours
from tests.support.ledger_documents import SELLER
from tests.unit.documents.messages import SAMPLES, accepted, sample
from tests.unit.documents.test_en16931_rules import an_invoice


def test_both_readings_of_our_samples_agree() -> None:
    found = [(path, kind) for path, kind, _ in files_in(SAMPLES)]
    assert {kind for _, kind in found} == {"ubl", "cii"}
    for path, _, xml in files_in(SAMPLES):
        parsed, refused = ours(xml)
        assert parsed is not None, (path, refused)
        assert differences(parsed, independent.read(xml) or {}) == [], path


def test_a_field_that_is_read_otherwise_is_named() -> None:
    xml = sample("cii/invoice.xml")
    parsed = accepted(xml)
    wrong = replace(parsed, document=replace(parsed.document, document_ref="other", date_due=None))
    assert differences(wrong, independent.read(xml) or {}) == ["reference", "due"]


def test_the_program_counts_by_format_and_fails_on_no_difference(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(sample("cii/invoice.xml"))
    (tmp_path / "b.xml").write_bytes(sample("ubl/invoice.xml").replace(b"<cbc:ID>", b"<cbc:Nr>", 1))
    (tmp_path / "c.xml").write_bytes(sample("ubl/invoice.xml"))
    (tmp_path / "d.pdf").write_bytes(
        embedded(render_sale(an_invoice(), SELLER, locale="en"), sample("cii/credit_note.xml"), dated="2026-05-01")
    )
    (tmp_path / "notes.txt").write_text("no invoice")
    done = subprocess.run(
        [sys.executable, "-m", "tests.einvoice_report", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = {line.split("  ")[0]: line.split()[-5:] for line in done.stdout.splitlines()[1:4]}
    assert rows["cii"][:3] == ["1", "1", "1"]
    assert rows["cii in PDF"][:3] == ["1", "1", "1"]
    assert rows["ubl"][:3] == ["1", "1", "1"]


def test_two_accounts_of_one_means_are_no_reason_to_refuse() -> None:
    account = "<cac:PayeeFinancialAccount><cbc:ID>{}</cbc:ID></cac:PayeeFinancialAccount>"
    means = f"<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>{account.format(1)}{account.format(2)}"
    text = sample("ubl/invoice.xml").decode()
    body = text.replace("<cac:TaxTotal>", f"{means}</cac:PaymentMeans><cac:TaxTotal>", 1).encode()
    found = read_document(body, content_type="application/xml", box="purchases")
    assert not isinstance(found, list)
    assert [one.account for one in found.document.payment_means if one.account] == ["1"]
