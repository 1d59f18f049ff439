"""A process searches what it loaded at its start for cycles no more."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from chassis.memory import YOUNG_OBJECTS_MAX, search_for_cycles_less

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_loaded_is_left_out_of_later_searches() -> None:
    search_for_cycles_less()
    assert gc.get_freeze_count() > YOUNG_OBJECTS_MAX
    assert gc.get_threshold()[0] == YOUNG_OBJECTS_MAX


def test_a_cycle_made_later_is_still_found() -> None:
    search_for_cycles_less()
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1
