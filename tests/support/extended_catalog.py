"""`ledgerwire` with one more trigger and one more action: what adding them takes is a declaration and a function.

Run as a program in place of `standalone.cli`; the catalog is extended before a service is loaded.
"""

from __future__ import annotations

import sys
from typing import Final

from pydantic import Field

from contracts.catalog import ACTIONS, OFFERED_TRIGGERS, TRIGGERS, Action, LocalizedText, Trigger
from contracts.catalog.model import Filter
from contracts.resources.output import ResponseModel
from contracts.resources.schemas import Model

TRIGGER_KEY: Final = "flag.waved"
ACTION_KEY: Final = "wave_flag"


class WaveFlag(Model):
    """A flag to wave."""

    colour: str = Field(description="the colour of the flag")
    times: int = Field(default=1, ge=1, le=9)


class WavedFlag(ResponseModel):
    """A flag that was waved."""

    waved: str


TRIGGER: Final = Trigger(
    TRIGGER_KEY,
    LocalizedText("Flag waved", "Drapeau agité", "Bandera agitada"),
    LocalizedText("A flag was waved.", "Un drapeau a été agité.", "Se agitó una bandera."),
    {"id": "0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e", "colour": "red"},
    filters=(Filter("colour", LocalizedText("Colour", "Couleur", "Color"), ("red", "green")),),
)
ACTION: Final = Action(
    ACTION_KEY,
    "outwards",
    LocalizedText("Wave flag", "Agiter un drapeau", "Agitar una bandera"),
    LocalizedText("Waves a flag.", "Agite un drapeau.", "Agita una bandera."),
    WaveFlag,
    {"waved": "red"},
    "at_least_once",
    available=True,
    response_model=WavedFlag,
)


def extend() -> None:
    """Add both to the catalog, and the action's function to those who carry it out."""
    TRIGGERS[TRIGGER_KEY] = OFFERED_TRIGGERS[TRIGGER_KEY] = TRIGGER
    ACTIONS[ACTION_KEY] = ACTION
    # Services read the catalog while they are loaded.
    from action_executor import actions as executor  # noqa: PLC0415
    from action_executor.runs.records import Done, StepCall, StepOutcome  # noqa: PLC0415

    async def wave(call: StepCall, _: executor.StepContext) -> StepOutcome:
        return Done({"waved": " ".join([str(call.input["colour"])] * int(call.input.get("times", 1)))})

    executor.ACTIONS[ACTION_KEY] = executor.Action(wave, preview=wave)


if __name__ == "__main__":
    extend()
    from standalone.cli import main

    sys.exit(main())
