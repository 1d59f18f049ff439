"""The PDF worker: a process that takes invoices out of PDFs under limits of memory and processor time.

Standard input brings PDFs, standard output takes what is inside them, each a length of four bytes and bytes; none at
all where there is no invoice. It ends with its standard input, or when a limit of the operating system strikes.
"""

from __future__ import annotations

import resource
import struct
import sys
from typing import BinaryIO, Final

MEMORY_BYTES_MAX: Final = 144 * 1024 * 1024  # address space: the interpreter, a PDF of 20 MiB twice, what it inflates
PROCESSOR_SECONDS_MAX: Final = 5  # the largest published Factur-X takes 0.2 s
LENGTH: Final = struct.Struct(">I")


def main() -> None:
    """Serve until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (pdf := _read(requests)) is not None:
        _allow_processor_time()
        answer = _answer(pdf)
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


def _allow_processor_time() -> None:
    """Let the next PDF take `PROCESSOR_SECONDS_MAX`; then the system ends this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + 1 + PROCESSOR_SECONDS_MAX, hard))


def _read(stream: BinaryIO) -> bytes | None:
    head = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else None


def _answer(pdf: bytes) -> bytes:
    from documents.facturx import invoice_inside  # noqa: PLC0415  ingress reads this module too, without pypdf

    try:
        return invoice_inside(pdf) or b""
    except MemoryError:
        return b""


if __name__ == "__main__":
    main()
