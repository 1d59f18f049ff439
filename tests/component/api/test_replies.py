"""The channel of kind `replies`: every form is taken once, matched, and shown with its source and files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.primitives.ids import new_id
from tests.support.caller import Answer, Caller
from tests.support.eventually import eventually
from tests.support.mails import (
    NEW_TEXT,
    QUOTED,
    a_mail,
    a_returned_mail,
    form_of_mailgun,
    form_of_sendgrid,
    json_of_postmark,
)

MIME = {"Content-Type": "message/rfc822"}


async def post(caller: Caller, channel: dict[str, Any], **body: Any) -> Answer:
    return await caller.anonymous("POST", channel["url"], **body)


async def kept(caller: Caller, answer: Answer) -> dict[str, Any]:
    """The message that an accepted post becomes."""
    assert answer.status == 200, answer.text
    path = f"/v1/messages/{UUID(answer.json['message_id'])}"

    async def there() -> dict[str, Any] | None:
        found = await caller.get(path)
        return dict(found.json) if found.status == 200 else None

    return dict(await eventually(there) or {})


async def test_a_mail_is_kept_on_its_client_once_with_source_and_files(caller: Caller) -> None:
    client, channel = await caller.client(email="aija@ozola.example"), await caller.channel("replies")
    mail = a_mail()
    mail.add_attachment(b"%PDF-1.7 receipt", maintype="application", subtype="pdf", filename="receipt.pdf")
    mail.add_attachment(b"\x00\x01\x02", maintype="application", subtype="x-odd", filename="odd.bin")
    first = await post(caller, channel, data=bytes(mail), headers=MIME)
    again = await post(caller, channel, data=bytes(mail), headers=MIME)
    assert (first.json["duplicate"], again.json) == (False, first.json | {"duplicate": True})
    message = await kept(caller, first)
    assert (message["client_id"], message["direction"], message["needs_response"]) == (client["id"], "received", True)
    assert (message["body"], message["quoted"]) == (NEW_TEXT, QUOTED)
    assert [(file["name"], file["content_type"]) for file in message["attachments"]] == [
        ("receipt.pdf", "application/pdf"),
        ("odd.bin", "application/octet-stream"),
    ]
    assert (await caller.get(message["source_url"])).raw == bytes(mail)
    files = [await caller.get(file["url"]) for file in message["attachments"]]
    assert [file.raw for file in files] == [b"%PDF-1.7 receipt", b"\x00\x01\x02"]
    assert files[1].headers["Content-Disposition"].startswith("attachment")
    assert len(await caller.items(f"/v1/messages?client_id={client['id']}")) == 1


async def test_the_forms_of_mail_providers_are_taken(caller: Caller) -> None:
    client, channel = await caller.client(email="aija@ozola.example"), await caller.channel("replies")
    form = aiohttp.FormData(form_of_sendgrid())
    form.add_field("attachment1", b"paid", filename="paid.txt", content_type="text/plain")
    posts = [
        await post(caller, channel, data=form_of_mailgun()),
        await post(caller, channel, data=form),
        await post(caller, channel, json=json_of_postmark()),
    ]
    messages = [await kept(caller, one) for one in posts]
    assert [(one["client_id"], one["body"], one["quoted"]) for one in messages] == [
        (client["id"], NEW_TEXT, QUOTED)
    ] * 3
    assert [[file["name"] for file in one["attachments"]] for one in messages] == [[], ["paid.txt"], ["paid.txt"]]


async def test_a_form_is_the_same_whatever_its_boundary_is(caller: Caller) -> None:
    channel = await caller.channel("replies")
    answers = []
    for boundary in ("one", "another"):
        with aiohttp.MultipartWriter("form-data", boundary=boundary) as form:
            for name, value in form_of_mailgun().items():
                form.append(value).set_content_disposition("form-data", name=name)
        answers.append(await post(caller, channel, data=form))
    assert [one.json["duplicate"] for one in answers] == [False, True]


async def test_an_sms_is_matched_by_its_number(caller: Caller) -> None:
    client = await caller.client(phone="20 000 000", address={"country": "LV"})
    channel = await caller.channel("replies")
    sms = {"MessageSid": "SM1", "From": "+37120000000", "To": "+37160000000", "Body": "Paid today"}
    message = await kept(caller, await post(caller, channel, data=sms))
    assert (message["client_id"], message["channel"], message["body"]) == (client["id"], "sms", "Paid today")
    assert message["source_url"] is None


async def test_what_matches_no_client_is_listed_and_assigned(caller: Caller) -> None:
    client, channel = await caller.client(), await caller.channel("replies")
    given = {"channel": "email", "from": "stranger@x.example", "body": "Hello"}
    message = await kept(caller, await post(caller, channel, json=given))
    assert [one["id"] for one in await caller.items("/v1/messages?unmatched=true")] == [message["id"]]
    path = f"/v1/messages/{message['id']}"
    assigned = await caller.made_of(f"{path}/assign", {"client_id": client["id"]})
    assert assigned["client"]["name"] == client["name"]
    assert await caller.items("/v1/messages?unmatched=true") == []
    waiting = f"/v1/messages?client_id={client['id']}&needs_response=true"
    assert len(await caller.items(waiting)) == 1
    await caller.made_of(f"{path}/resolve", None)
    assert await caller.items(waiting) == []


async def test_an_automatic_reply_and_a_bounce_need_no_response(caller: Caller) -> None:
    client, channel = await caller.client(email="aija@ozola.example"), await caller.channel("replies")
    away = await post(caller, channel, data=bytes(a_mail(Auto_Submitted="auto-replied")), headers=MIME)
    gone = await post(caller, channel, data=a_returned_mail(a_mail()), headers=MIME)
    messages = [await kept(caller, one) for one in (away, gone)]
    assert [(one["automatic"], one["needs_response"]) for one in messages] == [("auto_reply", False), ("bounce", False)]
    assert await caller.items(f"/v1/messages?client_id={client['id']}&needs_response=true") == []


async def test_the_same_key_gives_the_first_answer(caller: Caller) -> None:
    channel, key = await caller.channel("replies"), {"Idempotency-Key": str(new_id())}
    given = {"channel": "email", "from": "stranger@x.example", "body": "Hello"}
    first = await post(caller, channel, json=given, headers=key)
    again = await post(caller, channel, json=given, headers=key)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    assert (await post(caller, channel, json=given | {"body": "Other"}, headers=key)).status == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"data": b"x", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"json": {}}, 422),
        ({"json": {"channel": "email", "from": "a@b.example", "body": "a\0b"}}, 422),
        ({"data": {"x": "y"}}, 422),
        ({"data": b"--", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400),
        ({"data": b"", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"data": b"\xff=1", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
    ],
)
async def test_what_is_no_message_is_refused(caller: Caller, body: dict[str, Any], status: int) -> None:
    channel = await caller.channel("replies")
    assert (await post(caller, channel, **body)).status == status


async def test_another_kind_of_channel_takes_no_replies(caller: Caller) -> None:
    channel = await caller.channel("hook")
    url = channel["url"].replace("/ext/hooks/", "/ext/messages/inbound/")
    assert (await caller.anonymous("POST", url, data=bytes(a_mail()), headers=MIME)).status == 404


HOSTILE = {
    "deep": b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(2000)),
    "slow quotations": b"From: a@b.example\n\n" + b"On " * 6_000,
    "a huge header": b"From: a@b.example\nTo: " + b"a," * 500_000 + b"\n\nx",
    "many parts": b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 20_000,
    "no charset": b"Content-Type: text/plain; charset=\xff\xfe\n\n\xff\xfe",
    "nothing": b"\0" * 1000,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_mail_is_kept_and_the_next_one_read(caller: Caller, raw: bytes) -> None:
    client, channel = await caller.client(email="aija@ozola.example"), await caller.channel("replies")
    hostile = await kept(caller, await post(caller, channel, data=raw, headers=MIME))
    assert (await caller.get(hostile["source_url"])).raw == raw
    usual = await kept(caller, await post(caller, channel, data=bytes(a_mail()), headers=MIME))
    assert (usual["client_id"], usual["body"]) == (client["id"], NEW_TEXT)


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n"])
async def test_a_mail_without_a_byte_in_it_is_refused(caller: Caller, raw: bytes) -> None:
    answer = await post(caller, await caller.channel("replies"), data=raw, headers=MIME)
    assert (answer.status, answer.json["code"]) == (400, "malformed")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=300), kind=st.sampled_from(["message/rfc822", "application/x-www-form-urlencoded"]))
async def test_no_bytes_are_answered_with_a_fault_of_ours(caller: Caller, raw: bytes, kind: str) -> None:
    channel = await caller.channel("replies")
    assert (await post(caller, channel, data=raw, headers={"Content-Type": kind})).status < 500
