"""Files inside an e-invoice: base64 elements, taken out with the names that their sender gives."""

from __future__ import annotations

import binascii
from typing import Final

from documents.document import NAME_CHARS_MAX
from documents.element import Element
from documents.parsed import Attachment

ATTACHMENTS_MAX: Final = 50
"""More are left in the raw bytes: each is a file of its own in the store; published invoices have up to a dozen."""


def take(holder: Element, name: str, *, title: str | None) -> None:
    """Take an optional element's file; one that is not base64 leaves a warning.

    `title` names a file that has no name of its own.
    """
    filename = holder.attribute(name, "filename")
    text = holder.optional(name, str)
    if text is None:
        return
    if len(holder.report.attachments) >= ATTACHMENTS_MAX:
        holder.warn(name, "attachment_ignored", f"is beyond the first {ATTACHMENTS_MAX} attachments: it was left out")
        return
    try:
        content = binascii.a2b_base64(text)
    except (binascii.Error, ValueError):
        holder.warn(name, "attachment_ignored", "is not base64: it was left out")
        return
    if content:
        holder.report.attachments.append(Attachment((filename or title or "")[:NAME_CHARS_MAX] or None, content))
