"""Hints joined for the wire and taken apart again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from messaging.rabbitmq.notifications import JOINED_BYTES_MAX, join_bodies, split_bodies


@given(st.lists(st.binary(max_size=40)))
def test_what_is_joined_comes_apart_as_it_was(bodies: list[bytes]) -> None:
    assert [body for joined in join_bodies(bodies) for body in split_bodies(joined)] == bodies


def test_many_hints_take_few_messages_each_bounded() -> None:
    joined = list(join_bodies([b"x" * 16] * 10_000))
    assert len(joined) == 4
    assert max(map(len, joined)) <= JOINED_BYTES_MAX + 4


def test_a_big_hint_goes_alone() -> None:
    big = b"x" * (JOINED_BYTES_MAX + 1)
    assert [list(split_bodies(joined)) for joined in join_bodies([b"a", big, b"b"])] == [[b"a"], [big], [b"b"]]


def test_what_was_cut_off_is_left_out() -> None:
    (joined,) = join_bodies([b"first", b"second"])
    assert list(split_bodies(joined[:-1])) == [b"first"]
    assert list(split_bodies(b"\x00")) == []
