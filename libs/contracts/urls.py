"""The absolute URLs in responses, events and mails: every one begins with the installation's public URL."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from contracts.primitives.ids import parse_id


@dataclass(frozen=True, slots=True)
class PublicUrls:
    """Makes URLs below `base`, which has no slash at its end (`LEDGERWIRE_PUBLIC_URL`)."""

    base: str

    @property
    def host(self) -> str:
        """The name of the host, for Message-IDs."""
        return urlsplit(self.base).hostname or "localhost"

    def at(self, path: str) -> str:
        """The URL of a path that begins with a slash."""
        return f"{self.base}{path}"

    @property
    def messages(self) -> str:
        """Where messages to and from clients are."""
        return self.at("/v1/messages")

    def sale_pdf(self, sale_id: UUID) -> str:
        """The URL of a sales document as PDF."""
        return self.at(f"/v1/sales/{sale_id}/pdf")

    def sale_of_pdf(self, url: str) -> UUID | None:
        """The sales document of which this is `sale_pdf`; None for any other URL."""
        start, end = f"{self.base}/v1/sales/", "/pdf"
        if not (url.startswith(start) and url.endswith(end)):
            return None
        return parse_id(url[len(start) : -len(end)])

    def inbox_file(self, box: str, message_id: UUID) -> str:
        """The URL of an inbox message's file."""
        return self.at(f"/v1/inbox/{box}/{message_id}/file")

    def inbox_attachment(self, box: str, message_id: UUID, number: int) -> str:
        """The URL of a file inside an inbox message's document, counted from 1."""
        return self.at(f"/v1/inbox/{box}/{message_id}/attachments/{number}")

    def bill_attachment(self, bill_id: UUID, number: int) -> str:
        """The URL of a file inside a bill's document, counted from 1."""
        return self.at(f"/v1/bills/{bill_id}/attachments/{number}")

    def bill_file(self, bill_id: UUID) -> str:
        """The URL of a bill's file."""
        return self.at(f"/v1/bills/{bill_id}/file")
