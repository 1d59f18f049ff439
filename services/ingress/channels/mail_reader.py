"""Read what was posted of a message: mails in the worker, one after the other; an SMS needs no reading."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import orjson

from contracts.reply_tokens import tokens_in
from documents.mail.headers import address_in, clean, message_ids_in
from documents.mail.mime import UNREADABLE
from documents.mail.models import BODY_CHARS_MAX, FILES_MAX, Posted, ReadMail, from_json
from ingress.channels.mail_worker import PROCESSOR_SECONDS_MAX, request_of
from ingress.channels.worker_limits import LENGTH
from ingress.channels.worker_process import WorkerProcess

NUMBER_CHARS_MAX: Final = 40  # E.164 has 16; senders may be words, of 11 characters

_THREAD: Final = ThreadPoolExecutor(1, thread_name_prefix="mail")
_WORKER: Final = WorkerProcess("ingress.channels.mail_worker", processor_seconds_max=PROCESSOR_SECONDS_MAX)


async def read(posted: Posted) -> ReadMail:
    """Read a message. One that the worker cannot read in its limits is kept as it is said to be beside."""
    if posted.channel == "sms":
        return _sms(posted)
    answer = await asyncio.get_running_loop().run_in_executor(_THREAD, _WORKER.ask, request_of(posted))
    if answer is None:
        return _unread(posted)
    length = LENGTH.unpack_from(answer)[0]
    about = orjson.loads(answer[LENGTH.size : LENGTH.size + length])
    contents, place = [], LENGTH.size + length
    for _, _, size in about["files"]:
        contents.append(answer[place : place + size])
        place += size
    found = from_json(about, tuple(contents))
    return found if posted.mime is not None else replace(found, files=posted.files[:FILES_MAX])


def _sms(posted: Posted) -> ReadMail:
    sender = clean(posted.sender or "").strip()[:NUMBER_CHARS_MAX] or None
    recipient = clean(posted.recipient or "").strip()[:NUMBER_CHARS_MAX] or None
    body = clean(posted.text)[:BODY_CHARS_MAX]
    return ReadMail(sender=sender, recipient=recipient, body=body, tokens=tuple(tokens_in(body)))


def _unread(posted: Posted) -> ReadMail:
    text = clean(posted.text[:BODY_CHARS_MAX])
    return ReadMail(
        sender=address_in(posted.sender),
        recipient=address_in(posted.recipient),
        subject=None if posted.subject is None else clean(posted.subject)[:1000],
        body=text or UNREADABLE,
        references=message_ids_in([posted.in_reply_to]),
        tokens=tuple(tokens_in(text)),
        automatic=posted.automatic,
        undelivered=posted.undelivered,
        files=posted.files[:FILES_MAX],
    )
