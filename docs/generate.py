"""Write what is made from the code: `python docs/generate.py` (or `make docs`); a test holds the files to the code."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bounds
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from action_executor.settings import ExecutorSettings
from chassis.command import parser_of as service_parser
from chassis.settings import PREFIX, ProgramSettings, ServiceSettings
from console.settings import ConsoleSettings
from contracts.catalog import OFFERED_TRIGGERS, offered_actions
from contracts.resources import automation
from contracts.resources.client import ClientIn
from contracts.resources.connection import ConnectionIn
from contracts.resources.hook import HookIn
from contracts.resources.payment import PaymentIn
from contracts.resources.product import ProductIn
from contracts.resources.sale import SaleIn
from contracts.wire.commands import COMMANDS, CommandSpec
from contracts.wire.envelope import Envelope
from contracts.wire.topology import QUEUES, ROLES, SCHEMAS
from ingress.settings import IngressSettings
from ledger.settings import LedgerSettings
from standalone.commands import parser
from trigger_dispatcher.settings import DispatcherSettings

HERE = Path(__file__).parent
MIGRATIONS = HERE.parent / "tests" / "architecture" / "migrations.sha256"
NOTICE = "Made by `docs/generate.py` from {source}: change the code, then run `make docs`."
OBJECTS = (ClientIn, SaleIn, PaymentIn, HookIn, automation.AutomationIn, ConnectionIn)
SETTINGS: tuple[tuple[str, type[ProgramSettings]], ...] = (
    ("All services", ServiceSettings),
    ("Ingress", IngressSettings),
    ("Ledger", LedgerSettings),
    ("Trigger dispatcher", DispatcherSettings),
    ("Action executor", ExecutorSettings),
    ("Console", ConsoleSettings),
)
# What a setting means where its field says nothing of it, or less than an operator needs.
MEANINGS = {
    "postgres_dsn": "`postgresql://user:password@host/database`; `ledgerwire up` starts an embedded server without it",
    "amqp_url": "`amqp://user:password@host:5672/`; without it the bus is in Postgres",
    "secret_keys": "keys that encrypt stored secrets, newest first, separated by commas; the same for all services",
    "public_url": "how others reach the API: all URLs in answers and events begin with it; `http://HOST:PORT` if unset",
    "health_port": "port of the health server; 0 takes the service's own, 9101 to 9105",
    "home": "data directory of the embedded default",
    "files": "directory of files, shared by ingress and executor; `files` in the data directory if unset",
    "answer_seconds": "how long a request waits for its result; then 202 with an operation",
    "look_seconds": "how often a waiting request looks for its result without a notification",
    "commit_seconds": "how long a request waits for its own commit; then 503",
    "requests_per_second": "requests of one account; over it 429; 0 sets no limit",
    "caller_requests_per_second": "requests of one token or key pair; over it 429; 0 sets no limit",
    "channel_requests_per_second": "requests to one channel's URL; over it 429; 0 sets no limit",
    "wrong_credentials_per_second": "wrong credentials by address and by key, a minute's worth at once; then 429",
    "dispatcher_accounts_max": "accounts whose subscriptions are kept in memory",
    "dispatcher_pool_max": "connections to Postgres",
    "hook_rate_per_second": "deliveries of one hook, over all processes",
    "hook_concurrency": "deliveries of one hook at a time, over all processes",
    "attempts_at_once_max": "connections to receivers at a time",
    "deliveries_held_max": "deliveries leased to this process",
    "run_lease_seconds": "how long a worker owns a run; longer for a step that asks for more time",
    "log_level": "`DEBUG`, `INFO`, `WARNING` or `ERROR`",
    "log_format": "`json`: one object a line; `console`: for people",
    "health_host": "where `/healthz`, `/readyz` and `/metrics` are served",
    "drain_seconds": "to finish the work in progress after SIGTERM; what is left is redelivered",
    "pool_size": "connections to Postgres",
    "access_log": "one log line for each request",
    "hook_schedule_seconds": "pauses before each attempt of a delivery",
    "hook_connect_seconds": "to connect to a receiver",
    "hook_timeout_seconds": "one attempt, from connecting to the status line",
    "hook_lease_seconds": "how long a worker owns a delivery; another takes it over afterwards",
    "hook_disable_after_seconds": "a hook with nothing but failures for so long is disabled",
    "bytes_held_max": "bodies of deliveries in memory",
    "sweep_seconds": "how often due deliveries and runs are looked for without a notification",
    "runs_at_once_max": "runs of automations in progress at a time",
    "message_schedule_seconds": "pauses before each try to hand a mail or an SMS over",
    "step_schedule_seconds": "pauses before each attempt of a step of an automation",
}
CLI_HEAD = (
    "`ledgerwire` is in `.venv/bin` after `make setup`. Standard output carries what programs read, standard error the",
    "progress. Exit status: 0 done, 1 checked and found wrong, 2 could not be done, 130 interrupted.",
)
SETTINGS_HEAD = (
    f"Each is an environment variable. `{PREFIX}<NAME>_FILE` reads the value from a file. A value out of range stops",
    "the service at its start, with a message that names the variable. `ledgerwire up` reads all of them.",
)
CATALOG_HEAD = (
    "What this release offers. `GET /v1/triggers/{key}` and `GET /v1/actions/{key}` give every field, a complete",
    "sample and the titles in English, French and Spanish. A filter may name any field; the common ones are listed.",
)
BOUNDS_HEAD = (
    "Everything that can grow has a bound: what a caller sends, what is kept in memory, how long something waits, how",
    "often it is tried. The first table lists those that an operator can set. The others are constants of the code: to",
    "change one, change the code and its reason. Bounds of single fields (lengths, ranges, sizes of lists) are in",
    "`/openapi.json`.",
)
SERVICE_COMMANDS = (
    "## `python -m ingress`, `ledger`, `trigger_dispatcher`, `action_executor`",
    "",
    "A service by itself; [operations/README.md](operations/README.md) says what each needs.",
    "`python -m ingress account` and `python -m ledger verify` are as `ledgerwire account` and `ledgerwire verify`.",
)
# What an argument means whose parser says nothing of it.
ARGUMENTS = {
    "name": "the account's name",
    "account_id": "as `account create` printed it",
    "file": "a file of CSV or JSON lines",
    "kind": "what the lines are, or what is exported",
    "format": "CSV or JSON lines",
}


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
        NOTICE.format(source="`libs/contracts`"),
        "",
        "```mermaid",
        "flowchart LR",
        *dict.fromkeys(arrows),
        "```",
        "",
        "| queue | carries | from | to | dead letters |",
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
        "| command | queue | data | result |",
        "|---|---|---|---|",
        *map(_command_row, COMMANDS.values()),
        "",
    ]
    return "\n".join(lines)


def _command_row(spec: CommandSpec) -> str:
    result = spec.result.replace("|", r"\|")
    return f"| `{spec.name}` | `{spec.queue.name}` | {spec.input.__name__ if spec.input else ''} | {result} |"


def settings() -> str:
    """`operations/settings.md`: every setting of every service, with its range, default and meaning."""
    lines = [
        "# Settings",
        "",
        NOTICE.format(source="the services' `settings.py`"),
        "",
        *SETTINGS_HEAD,
    ]
    for title, kind in SETTINGS:
        own = kind.model_fields if kind is ServiceSettings else own_fields(kind)
        lines += ["", f"## {title}", "", "| environment | meaning | range | default |", "|---|---|---|---|"]
        lines += [_setting(name, field) for name, field in own.items()]
    return "\n".join([*lines, ""])


def own_fields(kind: type[ProgramSettings]) -> dict[str, FieldInfo]:
    """The settings that a service has beside those of all services."""
    return {name: field for name, field in kind.model_fields.items() if name not in ServiceSettings.model_fields}


def _setting(name: str, field: FieldInfo) -> str:
    meaning = (MEANINGS.get(name) or field.description or _unexplained(name)).replace("|", "\\|")
    return f"| `{PREFIX}{name.upper()}` | {meaning} | {_range(field)} | {_default(field)} |"


def _unexplained(name: str) -> str:
    raise LookupError(f"the setting {name} needs a description")


def _range(field: FieldInfo) -> str:
    words = {"ge": "from {}", "gt": "over {}", "le": "to {}", "lt": "under {}"}
    bounds = {bound: getattr(about, bound) for about in field.metadata for bound in words if hasattr(about, bound)}
    return " ".join(words[bound].format(_number(value)) for bound, value in bounds.items())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.default
    if isinstance(value, SecretStr):
        return "secret"
    if isinstance(value, tuple):
        return f"`{','.join(_number(part) for part in value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"`{_number(value)}`"
    return f"`{value}`" if value else "none"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def catalog_page() -> str:
    """`catalog.md`: what can be subscribed to and done in this release."""
    lines = ["# Triggers and actions", "", NOTICE.format(source="`libs/contracts/catalog`"), "", *CATALOG_HEAD]
    lines += ["", "## Triggers", "", "| trigger | fires when | filters |", "|---|---|---|"]
    for trigger in OFFERED_TRIGGERS.values():
        filters = ", ".join(f"`{one.field}`" for one in trigger.filters)
        lines.append(f"| `{trigger.key}` | {trigger.description.en} | {filters} |")
    lines += ["", "## Actions", "", "| action | does | required | guarantee |", "|---|---|---|---|"]
    for action in offered_actions():
        required = ", ".join(f"`{name}`" for name in sorted(action.required))
        lines.append(f"| `{action.key}` | {action.description.en} | {required} | {action.guarantee} |")
    return "\n".join([*lines, ""])


def bounds_page() -> str:
    """`operations/bounds.md`: every bound, those that are settings first."""
    lines = ["# Bounds", "", NOTICE.format(source="the code and `docs/bounds.toml`"), "", *BOUNDS_HEAD]
    lines += ["", "## Bounds that are settings", ""]
    lines += ["| setting | what | range | default | reason |", "|---|---|---|---|---|"]
    for _, kind in SETTINGS:
        own = kind.model_fields if kind is ServiceSettings else own_fields(kind)
        lines += [
            f"{_setting(name, field)} {bounds.reason_of(name)} |"
            for name, field in own.items()
            if _is_bound(name, field)
        ]
    return "\n".join([*lines, *bounds.tables(), ""])


def _is_bound(name: str, field: FieldInfo) -> bool:
    is_number = isinstance(field.default, int | float) and not isinstance(field.default, bool)
    return (is_number and not name.endswith("port")) or isinstance(field.default, tuple)


def commands() -> str:
    """`cli.md`: every command with its arguments, as its parser has them."""
    lines = ["# Commands", "", NOTICE.format(source="the parsers"), "", *CLI_HEAD]
    lines += _commands_of(parser(), "##")
    return "\n".join([*lines, "", *SERVICE_COMMANDS, *_commands_of(service_parser("SERVICE"), "###"), ""])


def _commands_of(top: argparse.ArgumentParser, heading: str) -> list[str]:
    lines = []
    for path, about, one in _parsers(top, ""):
        arguments = [action for action in one._actions if action.help != argparse.SUPPRESS]  # noqa: SLF001  argparse has no public way to them
        rows = [row for action in arguments if (row := _argument(action))]
        lines += ["", f"{heading} `{path}`", "", f"{about[:1].upper()}{about[1:]}."]
        lines += ["", "| argument | meaning |", "|---|---|", *rows] if rows else []
        lines += ["", f"{one.epilog}."] if one.epilog else []
    return lines


def _parsers(top: argparse.ArgumentParser, about: str) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """The parsers that stand for a command by themselves, each with its line of help."""
    below = [one for one in top._actions if isinstance(one, argparse._SubParsersAction)]  # noqa: SLF001  as above
    if not below:
        yield top.prog, about, top
    for action in below:
        texts = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001  as above
        for name, one in action.choices.items():
            yield from _parsers(one, texts[name])


def _argument(action: argparse.Action) -> str | None:
    if isinstance(action, argparse._HelpAction):  # noqa: SLF001  as above
        return None
    name = " ".join([*action.option_strings[:1], *_values(action)])
    meaning = (action.help or ARGUMENTS.get(action.dest, "")).replace("%(default)s", str(action.default))
    return f"| `{name}` | {meaning.replace('|', chr(92) + '|')} |"


def _values(action: argparse.Action) -> list[str]:
    if action.nargs == 0:
        return []
    if action.choices:
        return [f"{{{','.join(str(one) for one in action.choices)}}}"]
    return [str(action.metavar or action.dest.upper())]


def recorded_migrations() -> str:
    """`migrations.sha256`, as `sha256sum` writes it: what is recorded stays, new migrations are added."""
    lines = MIGRATIONS.read_text(encoding="utf-8").splitlines() if MIGRATIONS.is_file() else []
    recorded = {line.split()[1] for line in lines}
    for path in HERE.parent.glob("[ls]*/**/migrations/*.sql"):
        if (name := path.relative_to(HERE.parent).as_posix()) not in recorded:
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}")
    return "\n".join([*sorted(lines, key=lambda line: line.split()[1]), ""])


def pages() -> dict[Path, str]:
    """Every generated file and what it must hold."""
    made = {
        HERE / "flow.md": flow(),
        HERE / "cli.md": commands(),
        HERE / "catalog.md": catalog_page(),
        HERE / "operations" / "settings.md": settings(),
        HERE / "operations" / "bounds.md": bounds_page(),
        MIGRATIONS: recorded_migrations(),
    }
    for model in (Envelope, ProductIn, *OBJECTS):
        schema = json.dumps(model.model_json_schema(), indent=2, sort_keys=True, ensure_ascii=False)
        made[HERE / "contracts" / f"{model.__name__}.json"] = schema + "\n"
    return made


def main() -> int:
    """Write the files; with `--check` only tell which differ, and fail."""
    differing = {
        path: text for path, text in pages().items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    }
    if "--check" in sys.argv:
        for path in differing:
            print(f"{path} differs from the code: run `make docs`", file=sys.stderr)
        return 1 if differing else 0
    for path, text in differing.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
