"""What a parser returns: the document, warnings for a person, attachments; and how many faults or warnings it lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from contracts.primitives.problem import ERRORS_MAX, FieldError
from contracts.resources.inbox import InboxFormat, WarningCode
from documents.document import InboxDocument

WARNINGS_MAX: Final = 100  # a document of 1 MiB could have 100,000


@dataclass(frozen=True, slots=True)
class ReadingWarning:
    """A finding about a document that needs a person; `path` is in the sender's own format."""

    path: str
    code: WarningCode
    message: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a document: the name that its sender gives it, and its unchecked bytes."""

    name: str | None
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document that was read; `warnings` flag what a person should check; none is a reason to refuse."""

    document: InboxDocument
    warnings: tuple[ReadingWarning, ...] = field(default=())
    attachments: tuple[Attachment, ...] = field(default=())
    format: InboxFormat = "json"


def bounded_faults(found: list[FieldError], *, count: int | None = None) -> list[FieldError]:
    """Return at most `FAULTS_MAX`, the last saying how many more there are; `count` when not all were collected."""
    count = len(found) if count is None else count
    if count <= ERRORS_MAX:
        return found
    return [*found[: ERRORS_MAX - 1], FieldError(_whole(found[0].path), f"has {count - ERRORS_MAX + 1} more faults")]


def bounded_warnings(found: list[ReadingWarning], *, count: int | None = None) -> tuple[ReadingWarning, ...]:
    """Return at most `WARNINGS_MAX`, the last saying how many more there are; `count` when not all were collected."""
    count = len(found) if count is None else count
    if count <= WARNINGS_MAX:
        return tuple(found)
    more = f"has {count - WARNINGS_MAX + 1} more warnings"
    return (*found[: WARNINGS_MAX - 1], ReadingWarning(_whole(found[0].path), "more_warnings", more))


def _whole(path: str) -> str:
    return "/" if path.startswith("/") else ""  # how the format of the path names the message itself
