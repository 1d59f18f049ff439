"""Keep the programs of versions in memory: a version never changes, so that one reading serves all its runs."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final
from uuid import UUID

from action_executor.runs import single, store
from action_executor.runs.definitions import read_program
from action_executor.runs.places import Program
from action_executor.runs.records import Run
from storage.pool import Pool

VERSIONS_MAX: Final = 500  # read again when they are needed


class ProgramCache:
    """The programs used last, of one process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: OrderedDict[tuple[UUID, UUID, int], Program] = OrderedDict()

    async def program_of(self, run: Run) -> Program | None:
        """The steps that a run takes; None when its automation's version is gone."""
        if run.automation_id is None:
            return single.program_of(run.body)
        if run.definition is not None:
            return read_program(run.definition)
        key = (run.account_id, run.automation_id, run.version)
        if key not in self._known:
            program = await store.find_program(self._pool, *key)
            if program is None:
                return None
            self._known[key] = program
            if len(self._known) > VERSIONS_MAX:
                self._known.popitem(last=False)
        return self._known[key]
