"""The PDF worker: a process that takes invoices out of PDFs; an empty answer where there is none."""

from __future__ import annotations

from typing import Final

from ingress.channels.worker_limits import serve

MEMORY_BYTES_MAX: Final = 144 * 1024 * 1024  # address space: the interpreter, a PDF of 20 MiB twice, what it inflates
PROCESSOR_SECONDS_MAX: Final = 5  # the largest published Factur-X takes 0.2 s


def _answer(pdf: bytes) -> bytes:
    from documents.facturx import invoice_inside  # noqa: PLC0415  ingress reads this module too, without pypdf

    try:
        return invoice_inside(pdf) or b""
    except MemoryError:
        return b""


if __name__ == "__main__":
    serve(_answer, memory_bytes_max=MEMORY_BYTES_MAX, processor_seconds_max=PROCESSOR_SECONDS_MAX)
