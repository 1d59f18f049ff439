"""A seeded plan of faults: the same seed gives the same faults at the same moments."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal[
    "kill ingress", "kill ledger", "kill trigger_dispatcher", "kill action_executor",
    "stop ingress", "stop ledger", "stop trigger_dispatcher", "stop action_executor",
    "freeze ledger", "freeze trigger_dispatcher", "freeze action_executor",
    "kill broker", "stop and start broker", "kill database", "cut database sessions",
    "cut http replies", "cut broker replies", "cut database replies",
    "maintain during a long read", "drip uploads", "change targets", "check hostile answers",
]  # fmt: skip

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

QUIET_SHARE: Final = 0.1  # of the run at its start and end, so that every fault strikes under load


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: when (seconds from the start of the load) and what."""

    at_seconds: float
    kind: Kind


def make_plan(seed: int, *, seconds: float, rounds: int, broker: bool = True) -> list[Fault]:
    """Every kind once in each round, shuffled, spread over the run with jitter; none of a broker if unset."""
    chance = random.Random(seed)  # noqa: S311  a plan to repeat, no secret
    kinds: list[Kind] = []
    for _ in range(rounds):
        turn = [kind for kind in KINDS if broker or "broker" not in kind]
        chance.shuffle(turn)
        kinds += turn
    first, span = seconds * QUIET_SHARE, seconds * (1 - 2 * QUIET_SHARE)
    step = span / len(kinds)
    return [Fault(first + step * (place + chance.random() * 0.6), kind) for place, kind in enumerate(kinds)]
