"""The template worker: a process that renders one input after another under limits of memory and processor time.

Standard input brings requests, standard output takes answers, each a length of four bytes and JSON. It ends with its
standard input, or when a limit of the operating system is reached.
"""

from __future__ import annotations

import resource
import struct
import sys
import time
from typing import Any, BinaryIO, Final

import orjson

from templates.filling import TemplateFault

MEMORY_BYTES_MAX: Final = 512 * 1024 * 1024  # address space: the interpreter, 5 MB of input, 100 times over
PROCESSOR_SECONDS_MAX: Final = 2  # above the bound that the renderer itself keeps to
TEXTS_SECONDS_MAX: Final = 0.25  # a letter takes a millisecond
MANY_SECONDS_MAX: Final = 1.0  # of one request for many letters, then the rest is asked for again
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
    from templates.liquid_templates import fill_liquid  # noqa: PLC0415  the executor reads this module too

    given = orjson.loads(request)
    if "many" in given:
        return {"many": _rendered_many(given["many"])}
    try:
        filled = fill_liquid(given["value"], given["names"])
    except TemplateFault as fault:
        return {"fault": str(fault)}
    except MemoryError:
        return {"fault": f"input: takes more than {MEMORY_BYTES_MAX // 2**20} MiB of memory"}
    return {"value": filled.value, "warnings": filled.warnings}


def _rendered_many(many: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Render as many as there is time for, in order: at least the first."""
    ends, answers = time.process_time() + MANY_SECONDS_MAX, []
    for one in many:
        answers.append(_rendered(one))
        if time.process_time() >= ends:
            break
    return answers


def _rendered(one: dict[str, Any]) -> dict[str, Any]:
    from templates.liquid_templates import render_text  # noqa: PLC0415  as above

    ends = time.process_time() + TEXTS_SECONDS_MAX
    try:
        return {"texts": {name: render_text(text, one["names"], ends=ends) for name, text in one["texts"].items()}}
    except TemplateFault as fault:
        return {"fault": str(fault)}
    except MemoryError:
        return {"fault": f"takes more than {MEMORY_BYTES_MAX // 2**20} MiB of memory"}


if __name__ == "__main__":
    main()
