"""Look-ups made at one moment share a query, and none is ever remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pytest

from storage.data_loader import KEYS_MAX, UNDER_WAY_MAX, DataLoader
from tests.support.eventually import eventually


@dataclass(slots=True)
class Table:
    """A table of numbers by name; it keeps which keys were asked for, and can be held."""

    rows: dict[str, int]
    asked: list[list[str]] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.asked.append(list(keys))
        await self.open.wait()
        return {key: self.rows[key] for key in keys if key in self.rows}

    def was_asked(self, times: int) -> bool:
        return len(self.asked) == times


@pytest.fixture
def table() -> Table:
    made = Table({"a": 1, "b": 2})
    made.open.set()
    return made


async def test_keys_of_one_moment_are_one_query(table: Table) -> None:
    batched = DataLoader(table.fetch, seconds_max=1)
    assert await asyncio.gather(*(batched.load(key) for key in "abcab")) == [1, 2, None, 1, 2]
    assert table.asked == [["a", "b", "c"]]


async def test_what_changed_is_seen_by_the_next_one(table: Table) -> None:
    batched = DataLoader(table.fetch, seconds_max=1)
    assert await batched.load("a") == 1
    del table.rows["a"]
    assert await batched.load("a") is None


async def test_what_arrives_while_queries_are_under_way_gathers_for_the_next(table: Table) -> None:
    batched = DataLoader(table.fetch, seconds_max=1)
    table.open.clear()
    early = []
    for number in range(UNDER_WAY_MAX):
        early.append(asyncio.create_task(batched.load(f"early{number}")))
        await eventually(partial(table.was_asked, number + 1))
    late = [asyncio.create_task(batched.load(f"late{number}")) for number in range(KEYS_MAX + 5)]
    await eventually(lambda: len(batched._waiting) == len(late))
    assert len(table.asked) == UNDER_WAY_MAX
    table.open.set()
    await asyncio.gather(*early, *late)
    assert sorted(len(keys) for keys in table.asked[UNDER_WAY_MAX:]) == [5, KEYS_MAX]


async def test_a_failure_is_reported_to_each_and_ends_with_it(table: Table) -> None:
    async def fail(_: Sequence[str]) -> Mapping[str, int]:
        raise OSError("gone")

    broken = DataLoader(fail, seconds_max=1)
    reported = await asyncio.gather(broken.load("a"), broken.load("b"), return_exceptions=True)
    assert [str(error) for error in reported] == ["gone", "gone"]
    batched = DataLoader(table.fetch, seconds_max=1)
    assert await batched.load("b") == 2


async def test_a_query_that_hangs_is_not_waited_for_forever(table: Table) -> None:
    table.open.clear()
    batched = DataLoader(table.fetch, seconds_max=0.05)
    with pytest.raises(TimeoutError):
        await batched.load("a")
    table.open.set()
    assert await batched.load("a") == 1


async def test_one_who_leaves_does_not_take_the_others_along(table: Table) -> None:
    table.open.clear()
    batched = DataLoader(table.fetch, seconds_max=1)
    leaving, staying = (asyncio.create_task(batched.load("a")) for _ in range(2))
    await eventually(lambda: table.asked)
    leaving.cancel()
    table.open.set()
    assert await staying == 1
