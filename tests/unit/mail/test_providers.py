"""What programs and providers post about messages: recognised by its fields, refused with every fault."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.problem import FieldError
from documents.mail.mime import read_posted
from documents.mail.models import MailFile, Posted, ReadMail
from documents.mail.providers import from_form, from_json
from tests.support.mails import NEW_TEXT, QUOTED, form_of_mailgun, form_of_sendgrid, json_of_postmark


def read(posted: Posted | list[FieldError]) -> ReadMail:
    assert isinstance(posted, Posted), posted
    return read_posted(posted)


def as_bytes(fields: dict[str, str]) -> dict[str, bytes]:
    return {name: value.encode() for name, value in fields.items()}


FILE = MailFile("paid.txt", "text/plain", b"paid")


@pytest.mark.parametrize(
    "posted",
    [
        from_form(as_bytes(form_of_mailgun()), [FILE]),
        from_form(as_bytes(form_of_sendgrid()), [FILE]),
        from_json(json_of_postmark()),
    ],
    ids=["mailgun", "sendgrid", "postmark"],
)
def test_a_reply_by_a_mail_provider_is_read_alike(posted: Posted | list[FieldError]) -> None:
    got = read(posted)
    assert (got.sender, got.recipient, got.subject) == ("aija@ozola.example", "replies@books.example", "Re: Invoice 42")
    assert (got.body, got.quoted) == (NEW_TEXT, QUOTED)
    assert (got.references, got.automatic) == (("<1@books.example>",), None)
    assert got.files == (FILE,)


def test_our_own_json_is_read() -> None:
    given = {"channel": "email", "from": "aija@ozola.example", "body": NEW_TEXT, "in_reply_to": "1@books.example"}
    got = read(from_json(given))
    assert (got.sender, got.body, got.references) == ("aija@ozola.example", NEW_TEXT, ("<1@books.example>",))


@pytest.mark.parametrize(
    "posted",
    [
        from_form(as_bytes({"MessageSid": "SM1", "From": "+37120000000", "To": "+37160000000", "Body": "Yes"}), []),
        from_form(as_bytes({"msisdn": "37120000000", "to": "37160000000", "text": "Yes", "messageId": "1"}), []),
        from_json({"msisdn": "37120000000", "to": "37160000000", "text": "Yes", "messageId": "1"}),
        from_json({"channel": "sms", "message_uuid": "1", "from": "37120000000", "to": "37160000000", "text": "Yes"}),
        from_json({"channel": "sms", "from": "+37120000000", "body": "Yes"}),
    ],
    ids=["twilio", "vonage form", "vonage json", "vonage messages", "own"],
)
def test_an_sms_is_read_alike(posted: Posted | list[FieldError]) -> None:
    assert isinstance(posted, Posted)
    assert (posted.channel, posted.sender, posted.text) == ("sms", "+37120000000", "Yes")


@pytest.mark.parametrize(
    "fields", [{"body-mime": "From: a@b.example\n\nx"}, {"email": "From: a@b.example\n\nx", "from": "a@b.example"}]
)
def test_a_whole_mail_in_a_form_is_taken_as_one(fields: dict[str, str]) -> None:
    posted = from_form(as_bytes(fields), [])
    assert isinstance(posted, Posted)
    assert posted.mime == b"From: a@b.example\n\nx"


@pytest.mark.parametrize(
    ("given", "kind", "permanent"),
    [
        ({"RecordType": "Bounce", "Type": "HardBounce", "Email": "a@b.example", "Description": "gone"}, "bounce", True),
        ({"RecordType": "Bounce", "Type": "SoftBounce", "Email": "a@b.example"}, "bounce", False),
        ({"RecordType": "SpamComplaint", "Email": "a@b.example"}, "complaint", True),
        ({"event-data": {"event": "failed", "severity": "permanent", "recipient": "a@b.example"}}, "bounce", True),
        ({"event-data": {"event": "failed", "severity": "temporary", "recipient": "a@b.example"}}, "bounce", False),
        ({"event-data": {"event": "complained", "recipient": "a@b.example"}}, "complaint", True),
        ([{"event": "bounce", "email": "a@b.example", "reason": "550"}], "bounce", True),
        ([{"event": "deferred", "email": "a@b.example"}, {"event": "open"}], "bounce", False),
        ([{"event": "spamreport", "email": "a@b.example"}], "complaint", True),
    ],
)
def test_a_providers_report_names_the_address(given: Any, kind: str, permanent: bool) -> None:  # noqa: FBT001
    got = read(from_json(given))
    assert [(got.automatic, one.address, one.permanent) for one in got.undelivered] == [
        (kind, "a@b.example", permanent)
    ]


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({}, {"channel", "from", "body"}),
        ({"channel": "fax", "from": "a", "body": "x"}, {"channel"}),
        ({"channel": "email", "from": "a", "body": "x", "more": 1}, {"more"}),
        ([], {"/"}),
        ("text", {"/"}),
        ({"RecordType": "Bounce"}, {"/"}),
    ],
)
def test_what_is_no_message_is_refused_with_every_fault(given: Any, paths: set[str]) -> None:
    faults = from_json(given)
    assert isinstance(faults, list)
    assert {fault.path for fault in faults} == paths


@pytest.mark.parametrize("junk", [None, 1, [], {}, "x", [1], {"a": 1}])
@pytest.mark.parametrize("name", ["Headers", "Attachments", "From", "TextBody", "Subject", "MessageID"])
def test_values_of_any_type_are_passed_over(name: str, junk: Any) -> None:
    assert read(from_json(json_of_postmark(**{name: junk}))).automatic is None
