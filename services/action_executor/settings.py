"""What the executor reads from its environment, once, in `__main__`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import NoDecode

from action_executor.mail.smtp import SmtpServer
from action_executor.sms.gateway import SmsGateway
from chassis.egress import EgressPolicy
from chassis.settings import FileSettings

LEASE_MARGIN_SECONDS = 10.0  # to settle what came back at the last moment, and for clocks that drift
SCHEDULE_MAX = 100
ADDRESS = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,255}", re.ASCII)
STEP_SECONDS = 15.0  # unless it asks for more
DELAY_SECONDS_MAX = 30 * 86_400.0

Schedule = Annotated[tuple[float, ...], NoDecode]
"""Pauses in seconds before the first, second, ... try, written `0,5,300`."""


class ExecutorSettings(FileSettings):
    """How deliveries and runs are tried, paced and bounded (delivery.md)."""

    secret_keys: SecretStr = Field(description="keys that open the hooks' signing secrets, newest first")
    egress_allow: str = Field(default="", description="CIDRs and hosts that outbound calls may reach although private")

    hook_schedule_seconds: Schedule = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
    hook_rate_per_second: float = Field(default=25, gt=0, le=100_000, description="of one hook, over all processes")
    hook_concurrency: int = Field(default=16, ge=1, le=1000, description="of one hook, over all processes")
    hook_connect_seconds: float = Field(default=5, gt=0, le=60)
    hook_timeout_seconds: float = Field(default=15, gt=0, le=120)
    hook_lease_seconds: float = Field(default=40, gt=0, le=3600)
    hook_disable_after_seconds: float = Field(default=5 * 86_400, gt=0)
    hook_cache_seconds: float = Field(default=1, ge=0, le=60, description="how old a hook's target and secret may be")

    attempts_at_once_max: int = Field(default=400, ge=1, le=5000, description="connections to receivers")
    deliveries_held_max: int = Field(default=2000, ge=1, le=100_000, description="leased and in memory")
    bytes_held_max: int = Field(default=64 * 1024 * 1024, ge=1024)
    sweep_seconds: float = Field(default=5, gt=0, le=60)

    smtp_url: SecretStr | None = Field(
        default=None, description="where mail leaves: smtp://user:password@host:port?starttls=true&from=address"
    )
    sms_url: SecretStr | None = Field(default=None, description="the HTTP gateway that takes SMS")
    mail_redirect: str | None = Field(default=None, description="every mail and SMS goes here by mail, marked")
    message_schedule_seconds: Schedule = (0, 60, 300, 1800, 7200, 21_600)
    mail_keep_days: int = Field(
        default=1100, ge=1, le=3650, description="how long mails are kept as they were, in days"
    )

    home: Path = Field(default=Path("~/.local/share/ledgerwire"), description="data directory")
    files: Path | None = Field(
        default=None, description="where files are kept, shared with ingress; `files` in the home if unset"
    )
    folder_root: Path | None = Field(
        default=None, description="below it connections of kind folder keep files, each account in a folder of its own"
    )

    step_schedule_seconds: Schedule = (0, 5, 60, 600, 3600)
    run_lease_seconds: float = Field(default=40, gt=0, le=3600, description="longer for a step that asks for more")
    executor_batch_max: int = Field(default=100, ge=1, le=1000, description="jobs in one transaction")
    delivery_keep_days: int = Field(default=30, ge=30, le=3650, description="how long deliveries and attempts are kept")
    run_keep_days: int = Field(
        default=30, ge=1, le=3650, description="how long finished runs, and what became of messages, are kept"
    )
    is_sole_worker: bool = Field(
        default=False, description="no other executor works on this database: what a killed one held is free at once"
    )
    executor_pool_max: int = Field(default=6, ge=3, le=64, description="connections to Postgres")
    runs_at_once_max: int = Field(default=32, ge=1, le=1000)

    @field_validator("hook_schedule_seconds", "step_schedule_seconds", "message_schedule_seconds", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        return [part for part in given.replace(",", " ").split() if part] if isinstance(given, str) else given

    @field_validator("hook_schedule_seconds", "step_schedule_seconds", "message_schedule_seconds")
    @classmethod
    def _is_a_schedule(cls, schedule: tuple[float, ...]) -> tuple[float, ...]:
        if not 1 <= len(schedule) <= SCHEDULE_MAX:
            raise ValueError(f"must name 1 to {SCHEDULE_MAX} pauses in seconds, e.g. 0,5,300")
        if not all(0 <= pause <= DELAY_SECONDS_MAX for pause in schedule):
            raise ValueError(f"each pause must be 0 to {DELAY_SECONDS_MAX:.0f} seconds")
        if schedule[0] != 0:
            raise ValueError("must begin with 0: the first try is made at once")
        return schedule

    @field_validator("smtp_url", "sms_url", mode="after")
    @classmethod
    def _is_a_url(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if url is None or not url.get_secret_value():  # set but empty is not given
            return None
        (SmtpServer if info.field_name == "smtp_url" else SmsGateway).parse(url.get_secret_value())
        return url

    @field_validator("mail_redirect")
    @classmethod
    def _is_an_address(cls, address: str | None) -> str | None:
        if address and not ADDRESS.fullmatch(address):
            raise ValueError("must be one mail address")
        return address or None

    @property
    def files_directory(self) -> Path:
        """Where files are kept."""
        return (self.files or self.home / "files").expanduser().absolute()

    @field_validator("folder_root")
    @classmethod
    def _is_a_folder(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_dir():
            raise ValueError("must be a folder that exists")
        return path

    @field_validator("egress_allow")
    @classmethod
    def _is_a_policy(cls, text: str) -> str:
        EgressPolicy.parse(text)
        return text

    @model_validator(mode="after")
    def _leases_outlast_attempts(self) -> Self:
        for lease, longest in (
            (self.hook_lease_seconds, self.hook_timeout_seconds),
            (self.run_lease_seconds, STEP_SECONDS),
        ):
            if lease < longest + LEASE_MARGIN_SECONDS:
                raise ValueError(
                    f"a lease of {lease:g} s must outlast the longest attempt ({longest:g} s) by"
                    f" {LEASE_MARGIN_SECONDS:g} s, or two workers would send the same thing"
                )
        return self
