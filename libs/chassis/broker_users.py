"""Give each service a user of its own on RabbitMQ: `python -m chassis.broker_users`, by its management API.

A user may declare and consume the queues of its service, and publish. It runs before the services start, and again to
change a password: a connection that is open stays so. Settings: `LEDGERWIRE_BROKER_API` (http://host:15672),
`LEDGERWIRE_BROKER_ADMIN` with `LEDGERWIRE_BROKER_ADMIN_PASSWORD`, and `LEDGERWIRE_BROKER_PASSWORD_<SERVICE>` for each
service; each can be a file, by the suffix `_FILE`. `LEDGERWIRE_BROKER_VHOST` is / unless set.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from chassis.settings import PLACEHOLDER, SettingsError, read_variable
from contracts.wire.topology import QUEUES, ROLES, Service

TIMEOUT_SECONDS: Final = 10  # it answers in milliseconds
TRIES: Final = 30  # the management API listens some seconds after the broker
PAUSE_SECONDS: Final = 2.0  # between tries: it starts once in the life of an installation


@dataclass(frozen=True, slots=True)
class Permissions:
    """RabbitMQ's three patterns: what a user may declare or delete, publish to, and read."""

    configure: str
    write: str
    read: str

    def as_dict(self) -> dict[str, str]:
        """As the management API takes them."""
        return {"configure": self.configure, "write": self.write, "read": self.read}


def user_of(service: Service) -> str:
    """The broker's user of a service."""
    return f"ledgerwire_{service}"


def permissions_of(service: Service) -> Permissions:
    """What a service needs: its own queues with their dead letters, notifications, and the default exchange.

    Messages are published by the default exchange, where RabbitMQ knows no permission by queue.
    """
    own = [re.escape(name) for queue in QUEUES if queue.consumer == service for name in (queue.name, queue.dead)]
    marks = [rf"settled\.{re.escape(queue.name)}" for queue in QUEUES if queue.consumer == service]
    notifications = r"hint\..*"
    return Permissions(
        configure=f"^({'|'.join([*own, *marks, notifications, r'ledgerwire[.]settling'])})$",
        write=r"^amq\.default$",
        read=f"^({'|'.join([*own, notifications])})$",
    )


@dataclass(frozen=True, slots=True)
class ManagementApi:
    """RabbitMQ's management API and who may use it."""

    url: str
    user: str
    password: str

    def put(self, path: str, body: dict[str, Any]) -> None:
        """Put one object.

        Raises:
            URLError: the broker does not answer; HTTPError: it refuses.
        """
        credentials = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        request = Request(  # noqa: S310  the scheme is checked where the settings are read
            f"{self.url}/api/{path}",
            data=json.dumps(body).encode(),
            method="PUT",
            headers={"Content-Type": "application/json", "Authorization": f"Basic {credentials}"},
        )
        with urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            pass


def put_users(api: ManagementApi, *, vhost: str, passwords: dict[Service, str]) -> None:
    """Create the users or change their passwords and permissions.

    Raises:
        URLError, HTTPError: the broker does not answer or refuses.
    """
    for service, password in passwords.items():
        name = user_of(service)
        api.put(f"users/{quote(name, safe='')}", {"password": password, "tags": ""})
        permitted = permissions_of(service).as_dict()
        api.put(f"permissions/{quote(vhost, safe='')}/{quote(name, safe='')}", permitted)


def _required(name: str) -> str:
    value = read_variable(name)
    if not value:
        raise SettingsError(f"LEDGERWIRE_{name.upper()} is not set: set it, or LEDGERWIRE_{name.upper()}_FILE")
    if PLACEHOLDER in value:
        raise SettingsError(f"LEDGERWIRE_{name.upper()} still holds the placeholder {PLACEHOLDER}: run `make env`")
    return value


def _api_url() -> str:
    url = _required("broker_api").rstrip("/")
    if urlsplit(url).scheme not in {"http", "https"}:
        raise SettingsError("LEDGERWIRE_BROKER_API: must begin with http:// or https://")
    return url


def main() -> int:
    """Put the users, waiting for the broker at most a minute; exit status 2 when it refuses."""
    try:
        api = ManagementApi(_api_url(), _required("broker_admin"), _required("broker_admin_password"))
        passwords: dict[Service, str] = {service: _required(f"broker_password_{service}") for service in ROLES}
        _put_patiently(api, os.environ.get("LEDGERWIRE_BROKER_VHOST", "/"), passwords)
    except (SettingsError, URLError) as error:
        print(f"broker-users: {error}", file=sys.stderr)  # noqa: T201  a program
        return 2
    return 0


def _put_patiently(api: ManagementApi, vhost: str, passwords: dict[Service, str]) -> None:
    for left in reversed(range(TRIES)):
        try:
            put_users(api, vhost=vhost, passwords=passwords)
        except HTTPError:
            raise
        except URLError:
            if not left:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
