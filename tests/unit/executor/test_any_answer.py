"""Whatever a receiver answers, the call ends by the status line or by a plain reason, in text that can be kept."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from action_executor.deliveries.rules import HookGone, Succeeded, TryAgain, excerpt, judge
from action_executor.http_client import OutboundRequest, OutboundResponse, TransportError, open_http_client
from chassis.egress import EgressPolicy
from tests.support.raw_answers import RAW_ANSWERS
from tests.support.raw_receiver import open_raw_receiver

NOW = datetime(2026, 3, 2, tzinfo=UTC)
POLICY = EgressPolicy.parse("127.0.0.0/8")


async def answer_to(
    raw: bytes | list[bytes], *, keep_open: bool = False, seconds: float = 3.0
) -> OutboundResponse | TransportError:
    async with (
        open_raw_receiver(keep_open=keep_open) as receiver,
        open_http_client(POLICY, connect_seconds=2.0, timeout_seconds=seconds) as http_client,
    ):
        receiver.answers["/hook"] = raw
        answer = await http_client.call(OutboundRequest("POST", receiver.url(), {}, b"{}"))
        assert receiver.count() == 1
        return answer


GOOD = {
    "204 with a body": b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    "204 with chunks": b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\nok",
    "chunk that ends early": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nok",
    "short body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok",
    "body without length": b"HTTP/1.1 200 OK\r\n\r\nok",
    "more than announced": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nokokok",
    "wrong gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
    "header without colon": b"HTTP/1.1 200 OK\r\nwhat is this\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
    "length that is no number": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nok",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok",
    "head that ends early": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "reason that is no UTF-8": b"HTTP/1.1 200 \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    "header that is no UTF-8": b"HTTP/1.1 200 OK\r\nX-A: \xff\xc3\r\nContent-Length: 0\r\n\r\n",
    "header of 100 KB": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "500 headers": b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * 500 + b"\r\n",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    "interim before": b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: zz\r\n\r\n",
    "lone line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
}  # fmt: skip


@pytest.mark.parametrize("packet_bytes", [1_000_000, 7], ids=["one packet", "many packets"])
@pytest.mark.parametrize("kind", GOOD)
async def test_a_success_is_one_whatever_comes_behind_its_status_line(kind: str, packet_bytes: int) -> None:
    raw = GOOD[kind]
    packets = [raw[start : start + packet_bytes] for start in range(0, len(raw), packet_bytes)]
    answer = await answer_to(packets)
    assert isinstance(answer, OutboundResponse), answer
    assert 200 <= answer.status < 300
    assert answer.fault != "the response's body did not end in time"
    assert judge(answer, schedule_position=0, schedule=(0, 5), jitter=0.5, now=NOW) == Succeeded()


async def test_a_410_ends_a_hook_also_with_a_broken_body() -> None:
    answer = await answer_to(b"HTTP/1.1 410 Gone\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert isinstance(judge(answer, schedule_position=0, schedule=(0, 5), jitter=0.5, now=NOW), HookGone)


async def test_retry_after_counts_also_with_a_broken_body() -> None:
    answer = await answer_to(b"HTTP/1.1 503 Busy\r\nRetry-After: 90\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    verdict = judge(answer, schedule_position=0, schedule=(0, 5), jitter=0.5, now=NOW)
    assert isinstance(verdict, TryAgain)
    assert verdict.seconds == 90


async def test_a_body_that_never_ends_costs_no_more_than_the_time_of_an_attempt() -> None:
    answer = await answer_to(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", keep_open=True, seconds=0.3)
    assert isinstance(answer, OutboundResponse)
    assert (answer.status, answer.body, answer.whole) == (200, b"ok", False)
    assert answer.fault == "the response's body did not end in time"


async def test_the_body_of_a_204_is_never_the_answer_to_the_next_call() -> None:
    async with (
        open_raw_receiver(keep_open=True) as receiver,
        open_http_client(POLICY, connect_seconds=2.0, timeout_seconds=3.0) as http_client,
    ):
        receiver.answers["/hook"] = b"HTTP/1.1 204 No Content\r\nContent-Length: 40\r\n\r\n"
        receiver.answers["/next"] = b"HTTP/1.1 204 No Content\r\n\r\n"
        for path in ("/hook", "/next", "/hook", "/next"):
            answer = await http_client.call(OutboundRequest("POST", receiver.url(path), {}, b"{}"))
            assert isinstance(answer, OutboundResponse), answer
    assert receiver.received == ["/hook", "/next", "/hook", "/next"]


async def test_an_answer_without_a_status_line_is_none_and_its_reason_can_be_kept() -> None:
    for raw in (b"", b"\x00\xff\xfe", b"HTTP/1.1 abc\r\n\r\n", b"SSH-2.0-\xff\r\n", b"HTTP/9", b"\r\n\r\n"):
        answer = await answer_to(raw)
        assert isinstance(answer, TransportError), raw
        assert answer.reason
        _assert_can_be_kept(answer.reason)


def _assert_can_be_kept(text: str) -> None:
    assert "\x00" not in text
    text.encode()
    orjson.dumps(text)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=RAW_ANSWERS, packet_bytes=st.sampled_from([3, 1000]))
def test_any_bytes_end_in_a_verdict_by_their_status_line_and_can_be_kept(raw: bytes, packet_bytes: int) -> None:
    packets = [raw[start : start + packet_bytes] for start in range(0, len(raw), packet_bytes)]
    answer = asyncio.run(answer_to(packets))
    verdict = judge(answer, schedule_position=0, schedule=(0, 5), jitter=0.5, now=NOW)
    stated = re.match(rb"HTTP/1\.1 ([2-9]\d\d) ", raw)
    if stated:
        assert isinstance(answer, OutboundResponse), answer
        assert answer.status == int(stated[1])
        assert isinstance(verdict, Succeeded) == (200 <= answer.status < 300)
    if isinstance(answer, OutboundResponse):
        _assert_can_be_kept(excerpt(answer.body))
        for name, value in answer.headers.items():
            _assert_can_be_kept(name + value)
    else:
        _assert_can_be_kept(answer.reason)
