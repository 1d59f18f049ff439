"""Files pushed over the API: taken by their bytes, within bounds, durable before the answer; whatever is thrown."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from contracts.wire.commands import RECEIVE_INBOX_MESSAGE
from ingress.http.uploads import FILE_BYTES_MAX, PARTS_MAX
from ingress.settings import IngressSettings
from tests.support.eventually import eventually
from tests.support.ingress import Account, Answer, Ingress, an_invoice, prepare, running_ingress
from tests.support.postgres_server import Postgres

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PURCHASES = "/v1/inbox/purchases"
DOCUMENT = {
    "document_date": "2026-03-01",
    "document_ref": "A-17",
    "supplier": {"name": "Paper and Pens OÜ"},
    "sale_type": "sales_invoice",
    "currency": "EUR",
    "lines": [{"description": "Paper A4", "quantity": "10", "unit_price": "4.20"}],
}


@pytest.fixture(scope="module")
async def ingress(postgres: Postgres) -> AsyncIterator[Ingress]:
    async with running_ingress(await postgres.copy_of(prepare)) as running:
        yield running


@pytest.fixture
async def account(ingress: Ingress) -> Account:
    return await ingress.account()


def a_form(file: bytes | None = PDF, name: str = "A-17.pdf", kind: str = "application/pdf", **fields: Any) -> Any:
    form = aiohttp.FormData(default_to_multipart=True)
    for field, value in fields.items():
        form.add_field(field, value if isinstance(value, str) else orjson.dumps(value).decode())
    if file is not None:
        form.add_field("file", io.BytesIO(file), filename=name, content_type=kind)
    return form


async def push(account: Account, form: Any, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await account.send("POST", PURCHASES, data=form, headers=named)


async def commands_of(account: Account) -> list[dict[str, Any]]:
    """The commands that the ledger got for this account."""

    def mine() -> list[dict[str, Any]]:
        named = account.ingress.ledger.named(RECEIVE_INBOX_MESSAGE)
        return [one.data for one in named if str(one.account_id) == account.id]

    return list(await eventually(mine))


def stored(ingress: Ingress, account: Account) -> dict[str, bytes]:
    root = ingress.settings.files_directory / account.id
    return {path.name: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def arriving(ingress: Ingress) -> list[Path]:
    return list((ingress.settings.files_directory / "arriving").glob("*"))


async def test_a_document_with_its_file_is_one_message(ingress: Ingress, account: Account) -> None:
    form = a_form(document=DOCUMENT, comment="Received by post", links={"pdf": "https://paper.example/A-17.pdf"})
    assert (await push(account, form)).status == 201
    (data,) = await commands_of(account)
    sha256 = hashlib.sha256(PDF).hexdigest()
    assert data["file"] == {"name": "A-17.pdf", "content_type": "application/pdf", "size": len(PDF), "sha256": sha256}
    assert data["document"]["document_ref"] == "A-17"
    assert (data["comment"], data["links"]) == ("Received by post", {"pdf": "https://paper.example/A-17.pdf"})
    assert orjson.loads(base64.b64decode(data["raw"])) == DOCUMENT
    assert (data["content_type"], data["warnings"]) == ("application/json", [])
    assert stored(ingress, account) == {sha256: PDF}


async def test_a_file_alone_is_a_message_that_a_person_reads(ingress: Ingress, account: Account) -> None:
    assert (await push(account, a_form())).status == 201
    (data,) = await commands_of(account)
    assert data["document"] == {}
    assert data["raw"] == ""
    assert data["content_type"] == "application/pdf"
    assert len(data["warnings"]) == 1


async def test_the_same_document_with_another_file_is_flagged(account: Account) -> None:
    for file in (PDF, PDF + b"\n"):
        assert (await push(account, a_form(file, document=DOCUMENT))).status == 201
    assert (await push(account, a_form(None, document=DOCUMENT))).status == 201
    messages = await commands_of(account)
    first = messages[0]["message_id"]
    assert [message["duplicate_of"] for message in messages] == [None, first, first]


@pytest.mark.parametrize("file", [an_invoice(ref="X-1"), b"\xef\xbb\xbf" + an_invoice(ref="X-1")])
async def test_a_file_of_xml_is_the_document(account: Account, file: bytes) -> None:
    assert (await push(account, a_form(file, "invoice.xml", "text/plain"))).status == 201
    (data,) = await commands_of(account)
    assert data["document"]["document_ref"] == "X-1"
    assert base64.b64decode(data["raw"]) == file
    assert (data["content_type"], data["file"]["name"]) == ("application/xml", "invoice.xml")


async def test_a_file_of_json_is_the_document(account: Account) -> None:
    file = orjson.dumps({"document": DOCUMENT, "comment": "inside"})
    assert (await push(account, a_form(file, "invoice.json", comment="beside"))).status == 201
    (data,) = await commands_of(account)
    assert (data["document"]["document_ref"], data["comment"]) == ("A-17", "beside")


async def test_an_xml_document_may_come_beside_a_picture(account: Account) -> None:
    form = a_form(b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "scan.png", "image/png", document=an_invoice(ref="X-2").decode())
    assert (await push(account, form)).status == 201
    (data,) = await commands_of(account)
    assert (data["document"]["document_ref"], data["file"]["content_type"]) == ("X-2", "image/png")


async def test_a_whole_json_form_may_be_the_document(account: Account) -> None:
    assert (await push(account, a_form(document={"document": DOCUMENT, "comment": "inside"}))).status == 201
    (data,) = await commands_of(account)
    assert (data["document"]["document_ref"], data["comment"]) == ("A-17", "inside")


async def test_a_form_without_a_file_is_a_document(account: Account) -> None:
    assert (await push(account, a_form(None, document=DOCUMENT))).status == 201
    (data,) = await commands_of(account)
    assert "file" not in data


async def test_json_may_carry_its_file(ingress: Ingress, account: Account) -> None:
    file = {"name": "A-17.pdf", "content": base64.b64encode(PDF).decode()}
    assert (await account.post(PURCHASES, {"document": DOCUMENT, "file": file})).status == 201
    assert (await account.post(PURCHASES, {"file": file, "comment": "alone"})).status == 201
    first, second = await commands_of(account)
    assert first["file"] == second["file"]
    assert (second["document"], second["comment"]) == ({}, "alone")
    assert list(stored(ingress, account).values()) == [PDF]


async def test_all_faults_of_a_message_and_its_file_are_reported(ingress: Ingress, account: Account) -> None:
    faulty = {"document": {"document_ref": "1"}, "file": {"content": "not base64!", "type": "x"}}
    answer = await account.post(PURCHASES, faulty)
    assert answer.status == 422
    assert {"file.content", "file.type", "document.currency", "document.lines"} <= set(answer.paths)
    form = await push(account, a_form(document=DOCUMENT | {"currency": "EURO"}))
    assert (form.status, form.paths) == (422, ["document.currency"])
    assert stored(ingress, account) == {}


async def test_a_file_at_the_limit_is_taken_and_one_byte_more_is_not(ingress: Ingress, account: Account) -> None:
    whole = PDF + b"\0" * (FILE_BYTES_MAX - len(PDF))
    assert (await push(account, a_form(whole))).status == 201
    more = await push(account, a_form(whole + b"\0"))
    assert (more.status, more.json["code"]) == (413, "body_too_large")
    assert [len(content) for content in stored(ingress, account).values()] == [FILE_BYTES_MAX]
    assert arriving(ingress) == []


async def test_a_body_far_over_the_limit_is_refused_before_it_has_come(account: Account) -> None:
    answer = await push(account, a_form(PDF + b"\0" * (3 * FILE_BYTES_MAX)))
    assert answer.status == 413


async def test_a_length_that_is_not_announced_is_bounded_too(ingress: Ingress, account: Account) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7'
        while True:
            yield b"\0" * 262_144

    try:
        answer = await push(account, endless(), Content_Type="multipart/form-data; boundary=b")
    except aiohttp.ClientError:  # the connection was closed while we were still sending
        pass
    else:
        assert answer.status == 413
    await eventually(lambda: arriving(ingress) == [])
    assert stored(ingress, account) == {}


async def test_a_compressed_body_counts_by_what_is_in_it(account: Account) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7'
    bomb = gzip.compress(head + b"\0" * (2 * FILE_BYTES_MAX) + b"\r\n--b--\r\n")
    answer = await push(account, bomb, Content_Type="multipart/form-data; boundary=b", Content_Encoding="gzip")
    assert answer.status == 413


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("invoice.pdf", "application/pdf", b"<!DOCTYPE html><script>alert(1)</script>"),
        ("invoice.pdf", "application/pdf", b"MZ\x90\0" + b"\0" * 100),
        ("invoice.png", "image/png", b"\x89PN\0"),
        ("invoices.zip", "application/zip", None),
    ],
)
async def test_what_a_file_claims_to_be_is_not_believed(
    ingress: Ingress, account: Account, name: str, kind: str, content: bytes | None
) -> None:
    answer = await push(account, a_form(content or a_zip_bomb(), name, kind, document=DOCUMENT))
    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")
    assert stored(ingress, account) == {}


def a_zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("invoice.pdf", b"\0" * 50_000_000)
    return packed.getvalue()


async def test_a_pdf_that_claims_to_be_a_page_is_a_pdf(account: Account) -> None:
    assert (await push(account, a_form(PDF, "index.html", "text/html"))).status == 201
    (data,) = await commands_of(account)
    assert (data["file"]["name"], data["file"]["content_type"]) == ("index.html.pdf", "application/pdf")


@pytest.mark.parametrize(
    "name", ["../../../../etc/passwd", "..\\..\\evil.pdf", "/etc/cron.d/x", "a\0b.pdf", ".." * 500]
)
async def test_a_files_name_never_becomes_a_path(ingress: Ingress, account: Account, name: str) -> None:
    raw = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + PDF + b"\r\n--b--"
    answer = await push(account, raw, Content_Type="multipart/form-data; boundary=b")
    assert answer.status == 201
    (data,) = await commands_of(account)
    assert not set(data["file"]["name"]) & set("/\\\0")
    assert not data["file"]["name"].startswith(".")
    assert list(stored(ingress, account)) == [hashlib.sha256(PDF).hexdigest()]


async def test_ten_thousand_parts_are_refused(ingress: Ingress, account: Account) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n'
    answer = await push(account, part * 10_000 + b"--b--", Content_Type="multipart/form-data; boundary=b")
    assert answer.status == 400
    files = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + PDF + b"\r\n" for _ in "ab"
    )
    doubled = await push(account, files + b"--b--", Content_Type="multipart/form-data; boundary=b")
    assert (doubled.status, doubled.paths) == (422, ["file"])
    assert PARTS_MAX < 100
    assert stored(ingress, account) == {}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=b"),
        (b"--b\r\n", "multipart/form-data; boundary=b"),
        (b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n%PDF', "multipart/form-data; boundary=b"),
        (b"x" * 100_000, "multipart/form-data; boundary=b"),
        (b"--b--", "multipart/form-data"),
        (b"--b--", "multipart/form-data; boundary=" + "b" * 100),
    ],
)
async def test_a_form_that_is_none_is_refused(account: Account, body: bytes, content_type: str) -> None:
    answer = await push(account, body, Content_Type=content_type)
    assert (answer.status, answer.json["code"]) == (400, "malformed")


@pytest.mark.parametrize(("form", "path"), [(a_form(links="[1"), "links"), (a_form(document="{"), "document")])
async def test_a_field_that_is_not_json_is_malformed(ingress: Ingress, account: Account, form: Any, path: str) -> None:
    answer = await push(account, form)
    assert (answer.status, answer.json["code"], answer.paths) == (400, "malformed", [path])


@pytest.mark.parametrize(
    ("form", "path"),
    [
        (a_form(None, comment="only words"), "file"),
        (a_form(b""), "file"),
        (a_form(None, document=DOCUMENT, colour="blue"), "colour"),
        (a_form(links={"pdf": "javascript:alert(1)"}), "links.pdf"),
        (a_form(comment="x" * 20_000), "comment"),
    ],
)
async def test_what_is_wrong_with_a_form_is_reported_by_its_field(
    ingress: Ingress, account: Account, form: Any, path: str
) -> None:
    answer = await push(account, form)
    assert (answer.status, answer.paths) == (422, [path])
    assert stored(ingress, account) == {}


@pytest.mark.parametrize(("form", "path"), [(a_form(links="[1"), "links"), (a_form(document="{"), "document")])
async def test_a_field_that_cannot_be_read_is_malformed(account: Account, form: Any, path: str) -> None:
    answer = await push(account, form)
    assert (answer.status, answer.json["code"], answer.paths) == (400, "malformed", [path])


async def test_an_xml_file_is_as_hardened_as_an_xml_body(account: Account) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE Sale [<!ENTITY a "aaaa">]><Sale>&a;</Sale>'
    assert (await push(account, a_form(bomb, "a.xml", "application/xml"))).status == 400
    large = an_invoice().replace(b"<Sale>", b"<Sale>" + b" " * 20 * 1024 * 1024)
    assert (await push(account, a_form(large, "a.xml", "application/xml"))).status == 413


async def test_a_store_that_cannot_be_written_takes_nothing(postgres: Postgres, tmp_path: Path) -> None:
    (tmp_path / "files").write_text("not a directory")
    async with running_ingress(await postgres.copy_of(prepare), files=tmp_path / "files") as running:
        account = await running.account()
        answer = await push(account, a_form())
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert (await push(account, a_form(None, document=DOCUMENT))).status == 201


async def test_forty_files_of_one_account_at_once_are_all_taken(ingress: Ingress, account: Account) -> None:
    forms = [a_form(PDF + str(number).encode()) for number in range(40)]
    answers = await asyncio.gather(*(push(account, form) for form in forms))
    assert [answer.status for answer in answers] == [201] * 40
    assert len(stored(ingress, account)) == 40
    assert arriving(ingress) == []


async def test_a_sender_who_breaks_off_leaves_nothing(ingress: Ingress, account: Account) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7'
        raise RuntimeError

    with pytest.raises((RuntimeError, aiohttp.ClientError)):
        await push(account, broken(), Content_Type="multipart/form-data; boundary=b")
    await eventually(lambda: arriving(ingress) == [])
    assert stored(ingress, account) == {}


def test_files_lie_in_the_home_unless_another_place_is_named(tmp_path: Path) -> None:
    given = {"postgres_dsn": "postgresql://localhost/x", "home": tmp_path}
    assert IngressSettings.read(**given).files_directory == tmp_path / "files"
    assert IngressSettings.read(**given, files=tmp_path / "else").files_directory == tmp_path / "else"
