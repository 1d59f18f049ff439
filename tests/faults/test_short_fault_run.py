"""The short form of `make faults`, part of every test run."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.plan import SHORT
from tests.faults.run import Wishes, fault_run
from tests.support.machine import say


@pytest.mark.long
@pytest.mark.timeout(400)
async def test_nothing_is_lost_or_doubled_and_no_run_is_stuck_while_faults_strike(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**31)
    wishes = Wishes(seed, seconds=15, rounds=1, pace=40, only=SHORT)
    # One executor: what a killed one held is free at once, so that nothing waits for a lease.
    result = await fault_run(wishes, folder=tmp_path, progress=say, LEDGERWIRE_IS_SOLE_WORKER="true")
    verdict = result.verdict
    assert verdict.found == [], f"seed {seed}"
    assert (verdict.lost, verdict.doubled, verdict.undelivered, verdict.out_of_order) == (0, 0, 0, 0), f"seed {seed}"
    assert verdict.accepted > 100, f"seed {seed}: too little load to prove anything"
    assert verdict.runs > 10, f"seed {seed}: too few runs to prove anything"
    assert verdict.reminders > 5, f"seed {seed}: too few reminders to prove anything"
    assert verdict.steps_called >= 2 * verdict.runs, f"seed {seed}"
