"""Register quotas with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ledger.quotas import store
from ledger.quotas.state import LoadedUsage, UsagePlan, refused, take
from ledger.unit_of_work.capability import Capability
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    known = state[LoadedUsage]
    known.usage |= await store.read(conn, wanted=plan[UsagePlan].counters - known.usage.keys())


async def _save(conn: Connection, state: LoadedState, _now: datetime) -> None:
    known = state[LoadedUsage]
    await store.write(conn, moved={key: (before, known.usage[key]) for key, before in known.before.items()})


QUOTAS: Final = Capability(name="quotas", participant=Participant(load=_load, take=take, refused=refused, save=_save))
