"""What all shapes of answers share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """What all answers share: a field may be added later, so callers pass over what they do not know."""

    model_config = ConfigDict(frozen=True, defer_build=True)  # only descriptions and tests ever use them
