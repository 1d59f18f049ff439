"""Ask the PDF worker: one PDF after the other, in a thread that waits for it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ingress.channels.pdf_worker import PROCESSOR_SECONDS_MAX
from ingress.channels.worker_process import WorkerProcess

_OBJECT_STREAM, _EMBEDDED = b"/ObjStm", b"/EmbeddedFile"

_THREAD: Final = ThreadPoolExecutor(1, thread_name_prefix="pdf")
_WORKER: Final = WorkerProcess("ingress.channels.pdf_worker", processor_seconds_max=PROCESSOR_SECONDS_MAX)


async def invoice_inside(pdf: bytes) -> bytes | None:
    """Return the XML of the invoice that a PDF carries; None where there is none, or the worker failed."""
    if _EMBEDDED not in pdf and _OBJECT_STREAM not in pdf:
        return None  # a plain PDF: files are named in plain sight, or in a compressed object stream
    return await asyncio.get_running_loop().run_in_executor(_THREAD, _WORKER.ask, pdf) or None
