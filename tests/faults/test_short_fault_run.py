"""The short form of `make faults`, part of every test run."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.faults.run import Wishes, fault_run


@pytest.mark.timeout(400)
async def test_nothing_is_lost_or_doubled_while_every_kind_of_fault_strikes_once(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**31)
    wishes = Wishes(seed, seconds=60, rounds=1, pace=40)
    result = await fault_run(wishes, folder=tmp_path, tell=lambda text: print(text, file=sys.stderr))
    verdict = result.verdict
    assert verdict.found == [], f"seed {seed}"
    assert (verdict.lost, verdict.doubled, verdict.undelivered) == (0, 0, 0), f"seed {seed}"
    assert verdict.accepted > 100, f"seed {seed}: too little load to prove anything"
