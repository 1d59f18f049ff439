"""Write what is made from the code: `python docs/generate.py` (or `make docs`); a test holds the files to the code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from contracts.resources import schemas
from contracts.resources.clients import ProductIn
from contracts.resources.connections import ConnectionIn
from contracts.wire.commands import QUEUE_OF
from contracts.wire.envelope import Envelope
from contracts.wire.topology import QUEUES, ROLES, SCHEMAS

HERE = Path(__file__).parent
NOTICE = "Made by `docs/generate.py` from `libs/contracts`: change the code, then run `make docs`."
OBJECTS = (schemas.ClientIn, schemas.SaleIn, schemas.PaymentIn, schemas.HookIn, schemas.AutomationIn, ConnectionIn)


def flow() -> str:
    """`flow.md`: the queues as a picture and as a table, and the commands with the queue of each."""
    arrows = [
        f"  {feeder} -- {queue.message_kind} --> {queue.consumer}"
        for queue in QUEUES
        for feeder in queue.publishers
        if feeder != queue.consumer
    ]
    lines = [
        "# What flows where",
        "",
        NOTICE,
        "",
        "```mermaid",
        "flowchart LR",
        *dict.fromkeys(arrows),
        "```",
        "",
        "| queue | carries | from | to | given up on |",
        "|---|---|---|---|---|",
        *(
            f"| `{queue.name}` | {queue.message_kind} | {', '.join(queue.publishers)}"
            f" | {queue.consumer} | `{queue.dead}` |"
            for queue in QUEUES
        ),
        "",
        "| service | schema | role |",
        "|---|---|---|",
        *(f"| {service} | `{schema}`, `{schema}_api` | `{ROLES[service]}` |" for service, schema in SCHEMAS.items()),
        "",
        "| command | queue |",
        "|---|---|",
        *(f"| `{command}` | `{queue.name}` |" for command, queue in QUEUE_OF.items()),
        "",
    ]
    return "\n".join(lines)


def pages() -> dict[Path, str]:
    """Every generated file and what it must hold."""
    made = {HERE / "flow.md": flow()}
    for model in (Envelope, ProductIn, *OBJECTS):
        schema = json.dumps(model.model_json_schema(), indent=2, sort_keys=True, ensure_ascii=False)
        made[HERE / "contracts" / f"{model.__name__}.json"] = schema + "\n"
    return made


def main() -> int:
    """Write the files; with `--check` only tell which differ, and fail."""
    differing = [
        path for path, text in pages().items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        for path in differing:
            print(f"{path} differs from the code: run `make docs`", file=sys.stderr)
        return 1 if differing else 0
    for path in differing:
        path.parent.mkdir(exist_ok=True)
        path.write_text(pages()[path], encoding="utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
