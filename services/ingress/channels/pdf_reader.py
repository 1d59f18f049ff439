"""Ask the PDF worker: one PDF after the other, in a thread that waits for it; a worker that fails is ended.

The worker is started when it is needed and ended when it has had nothing to do for a while: it takes 40 MB.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Lock, Timer
from typing import Final

from ingress.channels.pdf_worker import LENGTH, PROCESSOR_SECONDS_MAX

ANSWER_SECONDS_MAX: Final = 20.0  # far above the limit of processor time, for a machine with no time to give
IDLE_SECONDS_MAX: Final = 30.0  # below what a person notices as memory kept for nothing
_ENVIRONMENT: Final = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG")  # no secrets
_OBJECT_STREAM, _EMBEDDED = b"/ObjStm", b"/EmbeddedFile"

_THREAD: Final = ThreadPoolExecutor(1, thread_name_prefix="pdf")


async def invoice_inside(pdf: bytes) -> bytes | None:
    """Return the XML of the invoice that a PDF carries; None where there is none, or the worker could not tell."""
    if _EMBEDDED not in pdf and _OBJECT_STREAM not in pdf:
        return None  # a plain PDF: files are named in plain sight, or in a compressed object stream
    return await asyncio.get_running_loop().run_in_executor(_THREAD, _WORKER.ask, pdf)


class _Worker:
    """The worker process of this one; `ask` is called by one thread at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._idle: Timer | None = None

    def ask(self, pdf: bytes) -> bytes | None:
        with self._lock:
            if self._idle is not None:
                self._idle.cancel()
            process = self._process or _start()
            self._process = None
            if (answer := _exchange(process, pdf)) is None:
                _end(process)
                return None
            self._process = process
            self._idle = Timer(IDLE_SECONDS_MAX, self._end_idle)
            self._idle.daemon = True
            self._idle.start()
            return answer or None

    def _end_idle(self) -> None:
        with self._lock:
            if self._process is not None:
                _end(self._process)
                self._process = None


_WORKER: Final = _Worker()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ingress.channels.pdf_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # pypdf complains of every odd file
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        start_new_session=True,  # a Ctrl-C is for this process; the worker ends with its input
    )


def _exchange(process: subprocess.Popen[bytes], pdf: bytes) -> bytes | None:
    """Send a PDF and read the answer; None where the worker ended or took too long."""
    assert process.stdin is not None  # noqa: S101  both are pipes
    assert process.stdout is not None  # noqa: S101
    clock = Timer(ANSWER_SECONDS_MAX + PROCESSOR_SECONDS_MAX, process.kill)
    clock.start()
    try:
        process.stdin.write(LENGTH.pack(len(pdf)))
        process.stdin.write(pdf)
        process.stdin.flush()
        head = process.stdout.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack(head)
        answer = process.stdout.read(length)
        return answer if len(answer) == length else None
    except OSError:
        return None
    finally:
        clock.cancel()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was not written yet cannot be any more
                continue
