"""Ask a worker process one request after the other; a worker that fails is ended, and another takes its place.

It is started when it is needed and ended when it has had nothing to do for a while: it takes 40 MB.
"""

from __future__ import annotations

import os
import subprocess
import sys
from threading import Lock, Timer
from typing import Final

from ingress.channels.worker_limits import LENGTH

ANSWER_SECONDS_MAX: Final = 20.0  # far above the limit of processor time, for a machine with no time to give
IDLE_SECONDS_MAX: Final = 30.0  # below what a person notices as memory kept for nothing
_ENVIRONMENT: Final = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG")  # no secrets


class WorkerProcess:
    """The worker process of this one that runs a module; `ask` is called by one thread at a time.

    One request takes the worker at most `processor_seconds_max` of processor time, by its own limit.
    """

    def __init__(self, module: str, *, processor_seconds_max: int) -> None:
        self._module: Final = module
        self._answer_seconds_max: Final = ANSWER_SECONDS_MAX + processor_seconds_max
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._idle: Timer | None = None

    def ask(self, request: bytes) -> bytes | None:
        """The answer; None where the worker ended or took too long."""
        with self._lock:
            if self._idle is not None:
                self._idle.cancel()
            process = self._process or _start(self._module)
            self._process = None
            if (answer := _exchange(process, request, self._answer_seconds_max)) is None:
                _end(process)
                return None
            self._process = process
            self._idle = Timer(IDLE_SECONDS_MAX, self._end_idle)
            self._idle.daemon = True
            self._idle.start()
            return answer

    def _end_idle(self) -> None:
        with self._lock:
            if self._process is not None:
                _end(self._process)
                self._process = None


def _start(module: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  our own interpreter and a module of ours
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # libraries complain of every odd file
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        start_new_session=True,  # a Ctrl-C is for this process; the worker ends with its input
    )


def _exchange(process: subprocess.Popen[bytes], request: bytes, seconds_max: float) -> bytes | None:
    """Send a request and read the answer; None where the worker ended or took too long."""
    assert process.stdin is not None  # noqa: S101  both are pipes
    assert process.stdout is not None  # noqa: S101
    clock = Timer(seconds_max, process.kill)
    clock.start()
    try:
        process.stdin.write(LENGTH.pack(len(request)))
        process.stdin.write(request)
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
