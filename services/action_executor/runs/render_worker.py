"""The template worker: a process that renders one input after another under limits of memory and processor time.

Standard input brings requests, standard output takes answers, each a length of four bytes and JSON. It ends with its
standard input, or when a limit of the operating system strikes.
"""

from __future__ import annotations

import resource
import struct
import sys
from typing import Any, BinaryIO, Final

import orjson

from action_executor.runs.templates import TemplateFault

MEMORY_BYTES_MAX: Final = 512 * 1024 * 1024  # address space: the interpreter, 5 MB of input, 100 times over
PROCESSOR_SECONDS_MAX: Final = 2  # above the bound that the renderer itself keeps to
LENGTH: Final = struct.Struct(">I")


def main() -> None:
    """Serve until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (request := _read(requests)) is not None:
        _allow_processor_time()
        answer = orjson.dumps(_answer(request))
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


def _allow_processor_time() -> None:
    """Let the next request take `PROCESSOR_SECONDS_MAX`; then the system ends this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + 1 + PROCESSOR_SECONDS_MAX, hard))


def _read(stream: BinaryIO) -> bytes | None:
    head = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else None


def _answer(request: bytes) -> dict[str, Any]:
    from action_executor.runs.liquid_templates import fill_liquid  # noqa: PLC0415  the executor reads this module too

    given = orjson.loads(request)
    try:
        filled = fill_liquid(given["value"], given["names"])
    except TemplateFault as fault:
        return {"fault": str(fault)}
    except MemoryError:
        return {"fault": f"input: takes more than {MEMORY_BYTES_MAX // 2**20} MiB of memory"}
    return {"value": filled.value, "warnings": filled.warnings}


if __name__ == "__main__":
    main()
