"""The envelope of every message between services: commands, events and jobs.

The broker's message id is fresh for each publish attempt; `Envelope.id` is the stable id that receivers record as
processed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.primitives.ids import new_id
from contracts.wire.versions import FIRST, version_of

_ACCOUNT: Final = b'"account_id":"'
_HEAD_BYTES: Final = 200  # `id`, `name` and `account_id` come first
_ID_BYTES: Final = 36  # a UUID as text


def account_of(body: bytes) -> bytes:
    """Find the account of an encoded envelope without decoding it; empty where there is none."""
    found = body.find(_ACCOUNT, 0, _HEAD_BYTES)
    start = found + len(_ACCOUNT)
    return b"" if found < 0 else body[start : start + _ID_BYTES]


class Envelope(BaseModel):
    """One message.

    `name` is a command's name (`receive_inbox_message`), an event's trigger key (`sale.posted`) or a job's kind
    (`deliver`). `correlation_id` is the id of the first request and `causation_id` that of the message whose handling
    made this one; both feed the journey. `reply_to` names the channel on which a waiting caller is notified, or is None
    when no caller waits. `depth` counts automations that caused one another. `if_match` are the entity tags one of
    which the command's object must have when it is handled; None sets no condition. `version` is that of the data (see
    `versions`). Fields that newer code adds are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID = Field(default_factory=new_id)
    name: str
    account_id: UUID
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(tz=UTC))
    correlation_id: UUID
    causation_id: UUID | None = None
    reply_to: str | None = None
    traceparent: str | None = None
    depth: int = Field(default=0, ge=0)
    if_match: list[str] | None = None
    version: int = Field(default_factory=lambda given: version_of(given["name"]), ge=FIRST)
    data: dict[str, Any] = Field(default_factory=dict)

    def encode(self) -> bytes:
        """The bytes that travel: compact JSON in UTF-8."""
        fields = dict(self.__dict__)  # not `model_dump`, which copies the data level by level
        if self.version == FIRST:
            del fields["version"]  # older code knows no such field
        return orjson.dumps(fields)

    @classmethod
    def decode(cls, body: bytes) -> Envelope:
        """Read what `encode` wrote.

        Raises:
            pydantic.ValidationError: the bytes are no envelope; the message can never be handled.
        """
        return cls.model_validate_json(body)

    def follow(self, name: str, data: dict[str, Any], *, identifier: UUID | None = None) -> Envelope:
        """Make a message that this one caused: same account, same correlation, this one as its cause."""
        return Envelope(
            id=identifier or new_id(),
            name=name,
            account_id=self.account_id,
            correlation_id=self.correlation_id,
            causation_id=self.id,
            traceparent=self.traceparent,
            depth=self.depth,
            data=data,
        )
