"""A seeded plan of faults: the same seed gives the same faults at the same moments."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from tests.support.installation import SERVICES

QUIET_SHARE: Final = 0.1  # of the run at its start and end, so that every fault is injected under load


@dataclass(frozen=True, slots=True)
class Row:
    """A verb and its targets in each round: every target or, with `one`, a target that the seed chooses."""

    verb: str
    targets: tuple[str, ...] = ("",)
    one: bool = False


ROWS: Final = (
    Row("kill", SERVICES),
    Row("stop", SERVICES),
    Row("freeze", ("ledger", "trigger_dispatcher")),
    Row("kill in a step"),
    Row("kill in a hand-over"),
    Row("freeze past its lease"),
    Row("turn the clock of", SERVICES, one=True),
    Row("kill database"),
    Row("cut database sessions"),
    Row("fill the disk of the database"),
    Row("maintain during a long read"),
    Row("kill broker"),
    Row("stop and start broker"),
    Row("raise the broker's alarm of", ("disk", "memory")),
    Row("cut replies of", ("http", "broker", "database")),
    Row("part from the database", SERVICES, one=True),
    Row("part from the broker", SERVICES, one=True),
    Row("leave half-open to the database", SERVICES, one=True),
    Row("leave half-open to the broker", SERVICES, one=True),
    Row("answer", ("slowly", "cut", "cut in the body", "endlessly", "302", "429", "410")),
    Row("drip uploads"),
    Row("change targets"),
    Row("check hostile answers"),
)

KINDS: Final = sorted(
    {kind for row in ROWS for kind in (row.verb, *(f"{row.verb} {one}".rstrip() for one in row.targets))}
)
"""Every verb, and every kind: verb and target."""

SHORT: Final = frozenset({
    "kill ledger", "kill trigger_dispatcher", "kill in a step", "kill in a hand-over", "cut replies of",
    "part from the database", "answer slowly", "answer 410", "change targets",
})  # fmt: skip
"""The faults of the short run: nothing that waits for a lease or starts a server anew."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: when (seconds from the start of the load) and what."""

    at_seconds: float
    verb: str
    target: str = ""

    @property
    def kind(self) -> str:
        """Verb and target."""
        return f"{self.verb} {self.target}".rstrip()


def make_plan(
    seed: int, *, seconds: float, rounds: int, without: Collection[str] = (), only: Collection[str] | None = None
) -> list[Fault]:
    """Every row once in each round, shuffled, spread over the run with jitter.

    `without` are words: a kind that contains one is left out, such as those of a broker where there is none. `only` are
    verbs and kinds.
    """
    chance = random.Random(seed)  # noqa: S311  a plan to repeat, no secret
    injected: list[tuple[str, str]] = []
    for _ in range(rounds):
        turn = []
        for row in ROWS:
            targets = (chance.choice(row.targets),) if row.one else row.targets
            turn += [(row.verb, target) for target in targets if _is_wanted(row.verb, target, without, only)]
        chance.shuffle(turn)
        injected += turn
    first, span = seconds * QUIET_SHARE, seconds * (1 - 2 * QUIET_SHARE)
    step = span / len(injected)
    return [Fault(first + step * (place + chance.random() * 0.6), *what) for place, what in enumerate(injected)]


def _is_wanted(verb: str, target: str, without: Collection[str], only: Collection[str] | None) -> bool:
    kind = f"{verb} {target}".rstrip()
    if any(word in kind for word in without):
        return False
    return only is None or verb in only or kind in only
