"""Write `.env` for docker-compose.yml with fresh secrets (`make env`). It needs Python alone.

A file that is there is never changed: its secrets are those that the volumes were made with.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

PLACE = Path(__file__).resolve().parents[1] / ".env"
PASSWORD_BYTES = 24  # 192 bits; in letters that no shell or compose file reads as its own
KEY_BYTES = 32  # what LEDGERWIRE_SECRET_KEYS expects

PASSWORDS = {
    "POSTGRES_PASSWORD": "The database's owner: for migrations alone",
    "INGRESS_DB_PASSWORD": "Each service's own role",
    "LEDGER_DB_PASSWORD": "",
    "TRIGGER_DISPATCHER_DB_PASSWORD": "",
    "ACTION_EXECUTOR_DB_PASSWORD": "",
    "RABBITMQ_PASSWORD": "The broker's administrator: for making the services' users alone",
    "INGRESS_BROKER_PASSWORD": "Each service's own user of the broker",
    "LEDGER_BROKER_PASSWORD": "",
    "TRIGGER_DISPATCHER_BROKER_PASSWORD": "",
    "ACTION_EXECUTOR_BROKER_PASSWORD": "",
}
SETTINGS = {
    "LEDGERWIRE_PUBLISH": ("Where the API is published on this machine", "127.0.0.1:8080"),
    "LEDGERWIRE_PUBLIC_URL": ("How others reach the API: every URL in answers begins with it", "http://127.0.0.1:8080"),
    "LEDGERWIRE_CONSOLE_PUBLISH": ("Where the console is published on this machine", "127.0.0.1:8090"),
    "LEDGERWIRE_CONSOLE_URL": ("How people reach the console, with its path", "http://127.0.0.1:8090/console"),
    "LEDGERWIRE_TRUSTED_PROXIES": ("Addresses of your reverse proxies, whose X-Forwarded-For names the caller", ""),
    "LEDGERWIRE_SMTP_URL": ("Where mail leaves: smtp://user:password@host:port?starttls=true", ""),
    "LEDGERWIRE_SMS_URL": ("The HTTP gateway that takes SMS", ""),
    "LEDGERWIRE_MAIL_REDIRECT": ("Every mail and SMS goes to this address by mail, marked: for trying things out", ""),
    "LEDGERWIRE_EGRESS_ALLOW": ("Private networks and hosts that hooks may reach, separated by commas", ""),
    "LEDGERWIRE_LOG_LEVEL": ("DEBUG, INFO, WARNING or ERROR", "INFO"),
}


def variables() -> dict[str, tuple[str, str]]:
    """Every variable of docker-compose.yml: what it is, and its value."""
    key, console_key = (base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode() for _ in range(2))
    passwords = {name: (about, secrets.token_urlsafe(PASSWORD_BYTES)) for name, about in PASSWORDS.items()}
    keys = {
        "LEDGERWIRE_SECRET_KEYS": ("Keys that encrypt stored secrets, newest first: keep a copy elsewhere", key),
        "CONSOLE_SECRET_KEYS": ("Keys that encrypt the cookies of the console's sessions", console_key),
    }
    return passwords | keys | SETTINGS


def write(place: Path) -> bool:
    """Write the file, readable by its owner alone; False where there is one already."""
    try:
        opened = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    lines = []
    for name, (about, value) in variables().items():
        lines += [f"# {about}."] if about else []
        lines += [f"{name}={value}"]
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))
    return True


def missing_from(place: Path) -> list[str]:
    """The variables that a file does not set."""
    lines = place.read_text(encoding="utf-8").splitlines()
    there = {line.partition("=")[0].strip() for line in lines if not line.startswith("#")}
    return [name for name in variables() if name not in there]


def main(place: Path = PLACE) -> int:
    """Write the file or say what stands in the way; answer the exit status."""
    if write(place):
        print(f"wrote {place}: keep a copy of it where no other person can read it")
        return 0
    if missing := missing_from(place):
        print(f"{place} is there and stays as it is, but lacks {', '.join(missing)}: add them", file=sys.stderr)
        return 1
    print(f"{place} is there and complete: it stays as it is")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
