"""Settings every service shares: read once in `__main__`, frozen, passed down.

Each name is an environment variable `LEDGERWIRE_<NAME>`; `LEDGERWIRE_<NAME>_FILE` reads the value from a file, for
secrets mounted by compose or Kubernetes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.urls import PublicUrls

PREFIX = "LEDGERWIRE_"
SECRET_BYTES_MAX = 64 * 1024
PLACEHOLDER = "change-me"
URL_CHARS_MAX = 200  # a path appended to it still fits into a URL of 2,000 characters


class SettingsError(Exception):
    """A setting is missing or wrong; the message names the variable and the remedy."""


class ProgramSettings(BaseSettings):
    """What a program needs to be reached and to be watched."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    log_level: str = "INFO"
    log_format: str = Field(default="json", pattern="^(json|console)$")
    host: str = Field(default="127.0.0.1", description="where ingress listens")
    port: int = Field(default=8080, ge=0, le=65535, description="where ingress listens; 0 takes a free one")
    public_url: str | None = Field(default=None, description="how others reach the API; http://HOST:PORT if unset")
    health_host: str = "127.0.0.1"
    health_port: int = Field(default=0, ge=0, le=65535, description="0 takes the service's own default")
    drain_seconds: float = Field(default=20.0, gt=0, le=300)

    @field_validator("*")
    @classmethod
    def _no_placeholder(cls, value: Any) -> Any:
        if isinstance(value, SecretStr) and PLACEHOLDER in value.get_secret_value():
            raise ValueError(f"still holds the placeholder {PLACEHOLDER}: put a secret of your own there (`make env`)")
        return value

    @field_validator("public_url", "console_url", "api_url", check_fields=False)
    @classmethod
    def _absolute(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.query
            or parts.fragment
            or parts.username is not None
            or len(url) > URL_CHARS_MAX
            or not url.isascii()
            or not url.isprintable()
            or " " in url
        ):
            raise ValueError("must be an absolute URL such as https://books.example.com, without query and credentials")
        return url.rstrip("/")

    @property
    def urls(self) -> PublicUrls:
        """Builds the absolute URLs of responses, events and mails."""
        return PublicUrls(self.public_url or local_url(self.host, self.port))

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Read the environment; `given` wins over it.

        Raises:
            SettingsError: something is missing or wrong, each fault on a line of its own.
        """
        try:
            return cls(**(_from_files(cls.model_fields, os.environ) | given))
        except ValidationError as error:
            faults = [_explain(fault) for fault in error.errors()]
            raise SettingsError("\n".join(faults)) from None


class ServiceSettings(ProgramSettings):
    """What a service with a schema needs besides: its database and its bus."""

    postgres_dsn: SecretStr = Field(description="postgresql://user:password@host/database")
    postgres_password: SecretStr | None = Field(
        default=None, description="the password of postgres_dsn, which then has none: any characters, not escaped"
    )
    amqp_password: SecretStr | None = Field(
        default=None, description="the password of amqp_url, which then has none: any characters, not escaped"
    )
    amqp_url: SecretStr | None = Field(default=None, description="amqp://...; without it the bus is in Postgres")
    schema_wait_seconds: float = Field(
        default=600.0, ge=0, le=86_400, description="how long a service waits at its start for `migrate` to run"
    )
    role_password: SecretStr | None = Field(default=None, description="`migrate` gives the service's role this login")

    @model_validator(mode="after")
    def _passwords_fit_their_addresses(self) -> Self:
        for address, password in (("postgres_dsn", self.postgres_password), ("amqp_url", self.amqp_password)):
            given: SecretStr | None = getattr(self, address)
            if password is not None and given is not None and urlsplit(given.get_secret_value()).username is None:
                raise ValueError(f"{address} must name the user whose password is given beside it")
        return self

    @property
    def database(self) -> str:
        """The database's address with its password."""
        return with_password(self.postgres_dsn, self.postgres_password)

    @property
    def broker(self) -> str | None:
        """The broker's address with its password; None: the bus is in Postgres. An empty value counts as absent."""
        if self.amqp_url is None or not self.amqp_url.get_secret_value():
            return None
        return with_password(self.amqp_url, self.amqp_password)


class FileSettings(ServiceSettings):
    """What a service needs that stores files of accounts."""

    account_storage_bytes: int = Field(
        default=10**10, ge=0, le=2**53, description="that the files of an account may have together, unless its"
        " plan says otherwise; 0 sets no limit",
    )  # fmt: skip

    @property
    def storage_default(self) -> int:
        """The bytes of an account whose plan says nothing; below 0: no limit."""
        return self.account_storage_bytes or -1


def with_password(address: SecretStr, password: SecretStr | None) -> str:
    """An address with a password that was given beside it."""
    parts = urlsplit(address.get_secret_value())
    if password is None or not password.get_secret_value():
        return address.get_secret_value()
    user, _, host = parts.netloc.rpartition("@")
    escaped = quote(password.get_secret_value(), safe="")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:{escaped}@{host}"))


def local_url(host: str, port: int) -> str:
    """The URL of a server on this host and port."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def read_variable(name: str) -> str | None:
    """Read one setting before the settings model is read: `LEDGERWIRE_<NAME>`, or the content of its file.

    Raises:
        SettingsError: the file cannot be read.
    """
    return os.environ.get(f"{PREFIX}{name.upper()}") or _from_files({name: None}, os.environ).get(name)


def _from_files(names: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name in names:
        path = environment.get(f"{PREFIX}{name.upper()}_FILE")
        if path is None or f"{PREFIX}{name.upper()}" in environment:
            continue
        try:
            found[name] = Path(path).read_text(encoding="utf-8")[:SECRET_BYTES_MAX].strip()
        except OSError as error:
            raise SettingsError(f"{PREFIX}{name.upper()}_FILE: cannot read {path}: {error.strerror}") from None
    return found


def _explain(fault: Any) -> str:
    variable = PREFIX + ".".join(str(part) for part in fault["loc"]).upper()
    if fault["type"] == "missing":
        return f"{variable} is not set: set it, or {variable}_FILE to a file that holds it"
    return f"{variable}: {fault['msg']}"
