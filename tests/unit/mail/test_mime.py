"""Mails as MIME: what was written, the thread, files, and what mail servers report; hostile ones are kept."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.primitives.ids import new_id
from contracts.reply_tokens import marked, token_of, tokens_in
from documents.mail.mime import UNREADABLE, read_mime
from documents.mail.models import BODY_CHARS_MAX, FILES_MAX, from_json
from tests.support.mails import NEW_TEXT, QUOTED, a_complaint, a_mail, a_returned_mail


def test_what_is_written_is_parted_from_what_is_quoted() -> None:
    read = read_mime(bytes(a_mail()))
    assert (read.body, read.quoted) == (NEW_TEXT, QUOTED)
    assert (read.sender, read.recipient, read.subject) == (
        "aija@ozola.example",
        "replies@books.example",
        "Re: Invoice 42",
    )
    assert (read.provider_message_id, read.automatic) == ("<reply@ozola.example>", None)


def test_the_thread_is_read_from_the_nearest_message_on() -> None:
    read = read_mime(bytes(a_mail(In_Reply_To="<3@b.example>", References="<1@b.example> <2@b.example> <3@b.example>")))
    assert read.references == ("<3@b.example>", "<2@b.example>", "<1@b.example>")


def test_tokens_are_found_in_what_is_quoted() -> None:
    first, last = new_id(), new_id()
    body = (
        f"Yes.\n\nOn Monday, Books <b@b.example> wrote:\n> {marked('Pay', last)}\n>> Ref: {token_of(first).lower()}\n"
    )
    assert read_mime(bytes(a_mail(body))).tokens == (last, first)


def test_a_token_is_read_back_wherever_it_stands() -> None:
    one = new_id()
    assert tokens_in(f"x ({token_of(one)}), {token_of(one)}") == [one]
    assert tokens_in(f"{token_of(one)}A LW-SHORT") == []


def test_html_alone_is_read_as_text() -> None:
    mail = EmailMessage()
    mail["From"] = "aija@ozola.example"
    mail.set_content(f"<style>p {{}}</style><p>{NEW_TEXT}</p><blockquote>old</blockquote>", subtype="html")
    read = read_mime(bytes(mail))
    assert (read.body.startswith(NEW_TEXT), "p {" in read.body) == (True, False)


def test_files_are_kept_and_text_beside_them_is_read() -> None:
    mail = a_mail()
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="../receipt.pdf")
    mail.add_attachment(a_mail("inner"))
    read = read_mime(bytes(mail))
    assert read.body == NEW_TEXT
    assert [(file.name, file.content_type) for file in read.files] == [
        ("../receipt.pdf", "application/pdf"),
        (None, "message/rfc822"),
    ]
    assert (read.files[0].content, b"inner" in read.files[1].content) == (b"%PDF-1.7", True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"Auto_Submitted": "auto-generated"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"Subject": "Automatic reply: Invoice 42"},
        {"Subject": "Réponse automatique : Facture 42"},
        {"Subject": "Respuesta automática: Factura 42"},
    ],
)
def test_an_automatic_reply_is_recognised(headers: dict[str, str]) -> None:
    assert read_mime(bytes(a_mail(**headers))).automatic == "auto_reply"


def test_a_person_who_says_so_is_none() -> None:
    assert read_mime(bytes(a_mail(Auto_Submitted="no"))).automatic is None


def test_a_delivery_failure_names_the_recipient_the_reason_and_the_mail() -> None:
    message_id = new_id()
    original = a_mail(marked("Pay", message_id), To="aija@ozola.example", Message_ID="<1@books.example>")
    read = read_mime(a_returned_mail(original))
    (gone,) = read.undelivered
    assert (read.automatic, gone.address, gone.permanent) == ("bounce", "aija@ozola.example", True)
    assert gone.reason == "5.1.1 550 no such user here"
    assert (read.references, read.tokens) == (("<1@books.example>",), (message_id,))


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("failed", "4.4.1", [("bounce", False)]),
        ("delayed", "4.4.1", [("bounce", False)]),
        ("failed", "", [("bounce", True)]),
    ],
)
def test_only_a_failure_for_good_is_permanent(action: str, status: str, expected: list[tuple[str, bool]]) -> None:
    read = read_mime(a_returned_mail(a_mail(), action=action, status=status))
    assert [(read.automatic, one.permanent) for one in read.undelivered] == expected


def test_a_failure_in_a_header_alone_is_recognised() -> None:
    read = read_mime(bytes(a_mail(From="mailer-daemon@mx.example", X_Failed_Recipients="aija@ozola.example")))
    assert (read.automatic, [one.address for one in read.undelivered]) == ("bounce", ["aija@ozola.example"])


def test_a_complaint_names_who_complained() -> None:
    read = read_mime(a_complaint(a_mail(Message_ID="<1@books.example>")))
    assert (read.automatic, [one.address for one in read.undelivered]) == ("complaint", ["aija@ozola.example"])
    assert read.references == ("<1@books.example>",)


def test_nesting_beyond_all_measure_is_kept_as_unreadable() -> None:
    one = new_id()
    head = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000))
    read = read_mime(b"From: a@b.example\n" + head + token_of(one).encode())
    assert (read.body, read.tokens) == (UNREADABLE, (one,))


@pytest.mark.parametrize("charset", ["no-such", "hex", "idna", "utf-7", "unicode_escape", "\udcff", "x" * 500])
def test_an_odd_charset_costs_no_text(charset: str) -> None:
    raw = f"From: a@b.example\nContent-Type: text/plain; charset={charset}\n\n{NEW_TEXT}\n"
    assert read_mime(raw.encode("utf-8", "surrogateescape")).body


def test_huge_headers_and_many_parts_are_bounded() -> None:
    parts = "".join(f"--b\nContent-Disposition: attachment; filename=f{n}\n\nx\n" for n in range(300))
    raw = f"From: {'a' * 100_000}@b.example\nSubject: {'s ' * 100_000}\n{'X: y' * 10}\n"
    read = read_mime(f'{raw}Content-Type: multipart/mixed; boundary="b"\n\n{parts}--b--\n'.encode())
    assert (len(read.files), len(read.subject or "") <= 1000) == (FILES_MAX, True)


LINES = st.lists(
    st.sampled_from([
        "From: a@b.example", "From: =?utf-8?q?=FF?= <", "To: ,,;:<>", "Subject: =?x?b?AAA?=", "Message-ID: <",
        "References: <a> <b", 'Content-Type: multipart/mixed; boundary="b"', "Content-Type: message/rfc822",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "Content-Type: ;;;=",
        "Content-Type: message/delivery-status", "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: uuencode", "Content-Disposition: attachment; filename*=utf-8''%ff%00",
        "Content-Type: text/plain; charset=utf-16", "--b", "--b--", "", "", "text", "====", "\x00\x00", "\udcff",
        "> quoted", "On Monday, x wrote:", "Final-Recipient: rfc822; a@b.example", "Action: failed",
    ]),
    max_size=60,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LINES, st.binary(max_size=200))
def test_any_bytes_are_read_within_bounds_and_can_be_stored(lines: list[str], tail: bytes) -> None:
    raw = "\n".join(lines).encode("utf-8", "surrogateescape") + tail
    read = read_mime(raw)
    stored = read.as_json()
    for text in (read.body, read.quoted, read.subject, read.sender, *(file.name for file in read.files)):
        assert text is None or ("\0" not in text and text.encode() is not None)
    assert len(read.body) <= BODY_CHARS_MAX
    assert from_json(stored, tuple(file.content for file in read.files)) == read
