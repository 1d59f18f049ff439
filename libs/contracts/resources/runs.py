"""What a caller may ask of a run of an automation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.resources.schemas import Model


class ReplayIn(Model):
    """Take a run up again from one of its steps. Without `from_step` it is the step at which the run ended."""

    from_step: int | None = Field(default=None, ge=0, le=1000)
    version: Literal["pinned", "published"] = "pinned"
    preview: bool = False
