"""The mail worker: a process that reads mails, whose grammar and quotations take unbounded time where they are hostile.

A request is `M` and a mail's bytes, or `P` and the JSON of what a provider posts of one. An answer is the length of its
JSON, the JSON of `ReadMail`, and the contents of its files.
"""

from __future__ import annotations

import signal
from typing import Any, Final

import orjson

from documents.mail.headers import clean
from documents.mail.models import BODY_CHARS_MAX, Posted, ReadMail, Undelivered
from ingress.channels.worker_limits import LENGTH, serve

MEMORY_BYTES_MAX: Final = 384 * 1024 * 1024  # address space: a mail of 25 MiB as bytes, as text, its parts and files
PROCESSOR_SECONDS_MAX: Final = 5  # a mail of 20 MiB takes 0.5 s
SPLIT_SECONDS_MAX: Final = 1.0  # a usual reply takes 10 ms; the whole is kept as one then
MIME, POSTED = b"M", b"P"


def request_of(posted: Posted) -> bytes:
    """The request that reads what was posted."""
    if posted.mime is not None:
        return MIME + posted.mime
    parts = {
        "channel": posted.channel,
        "sender": posted.sender,
        "recipient": posted.recipient,
        "subject": posted.subject,
        "text": posted.text,
        "html": posted.html,
        "headers": posted.headers,
        "provider_message_id": posted.provider_message_id,
        "in_reply_to": posted.in_reply_to,
        "automatic": posted.automatic,
        "undelivered": [one.as_json() for one in posted.undelivered],
    }
    return POSTED + orjson.dumps(parts)


def _posted(given: dict[str, Any]) -> Posted:
    headers = tuple((name, value) for name, value in given.pop("headers"))
    undelivered = tuple(Undelivered(**one) for one in given.pop("undelivered"))
    return Posted(**given, headers=headers, undelivered=undelivered)


class _TooSlow(Exception):
    """The quotations took too long."""


def _split_in_time(text: str) -> tuple[str, str | None]:
    """Part a text from what it quotes, within bounded time: hostile text keeps a regular expression busy for minutes.

    The alarm interrupts a match as well: the expressions look for signals.
    """
    # Here, because ingress reads this module too, without what reads mails.
    from documents.mail.text import split_quoted  # noqa: PLC0415

    signal.signal(signal.SIGALRM, _give_up)
    signal.setitimer(signal.ITIMER_REAL, SPLIT_SECONDS_MAX)
    try:
        return split_quoted(text)
    except _TooSlow:
        return clean(text)[:BODY_CHARS_MAX], None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _give_up(_signal: int, _frame: object) -> None:
    raise _TooSlow


def _answer(request: bytes) -> bytes:
    # Here, because ingress reads this module too, without what reads mails.
    from documents.mail.mime import read_mime, read_posted  # noqa: PLC0415

    if request.startswith(MIME):
        read: ReadMail = read_mime(request[1:], _split_in_time)
    else:
        read = read_posted(_posted(orjson.loads(request[1:])), _split_in_time)
    head = orjson.dumps(read.as_json())
    return b"".join([LENGTH.pack(len(head)), head, *(file.content for file in read.files)])


if __name__ == "__main__":
    serve(_answer, memory_bytes_max=MEMORY_BYTES_MAX, processor_seconds_max=PROCESSOR_SECONDS_MAX)
