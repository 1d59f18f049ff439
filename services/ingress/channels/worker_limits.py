"""Serve one request after the other on standard input and output, under limits of memory and processor time.

A request and an answer are a length of four bytes and bytes. The process ends with its standard input, or when a limit
of the operating system is reached: what it was asked is then not answered.
"""

from __future__ import annotations

import resource
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO, Final

LENGTH: Final = struct.Struct(">I")


def serve(answer: Callable[[bytes], bytes], *, memory_bytes_max: int, processor_seconds_max: int) -> None:
    """Answer until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (request := _read(requests)) is not None:
        _allow_processor_time(processor_seconds_max)
        answered = answer(request)
        answers.write(LENGTH.pack(len(answered)) + answered)
        answers.flush()


def _allow_processor_time(seconds_max: int) -> None:
    """Let the next request take so long; then the system ends this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + 1 + seconds_max, hard))


def _read(stream: BinaryIO) -> bytes | None:
    head = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else None
