"""What all written formats share: the error that names every field that a document, its seller or its client lacks."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.primitives.problem import FieldError


class NotWritable(ValueError):
    """The document cannot be written in this format: fields are missing, or the format has no place for their values.

    Paths begin with `account` for the seller's profile, `client` for the client of the document; others are the sale's.
    """

    def __init__(self, faults: Sequence[FieldError]) -> None:
        super().__init__(f"{len(faults)} fields keep the document from being written in this format")
        self.faults = tuple(faults)
