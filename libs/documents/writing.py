"""What all written formats share: the fields that a document, its seller or its client lacks, all told at once."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.primitives.problem import FieldError


class NotWritable(ValueError):
    """The document cannot be written in this format: fields are missing, or say what the format has no place for.

    Paths begin with `account` for the seller's profile, `client` for the client of the document; others are the sale's.
    """

    def __init__(self, faults: Sequence[FieldError]) -> None:
        super().__init__(f"{len(faults)} fields keep the document from being written in this format")
        self.faults = tuple(faults)
