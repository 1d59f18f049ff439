"""What ingress reads from the environment once, in `__main__`."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from chassis.settings import FileSettings


class IngressSettings(FileSettings):
    """Where ingress listens and how long it waits."""

    secret_keys: SecretStr | None = Field(
        default=None, description="keys that encrypt answers with secrets in them, newest first, separated by commas"
    )
    answer_seconds: float = Field(default=10.0, gt=0, le=60, description="then a caller gets 202 and an operation")
    look_seconds: float = Field(default=1.0, gt=0, le=10, description="how often a waiter looks without being woken")
    commit_seconds: float = Field(default=5.0, gt=0, le=30, description="to commit a request; then 503")
    waiting_max: int = Field(default=2000, ge=1, le=100_000, description="requests waiting for a commit; then 503")
    requests_per_second: float = Field(default=2000.0, ge=0, description="of one account; 0 sets no limit; then 429")
    caller_requests_per_second: float = Field(default=1000.0, ge=0, description="of one token or key pair; then 429")
    channel_requests_per_second: float = Field(default=1000.0, ge=0, description="to one channel's URL; then 429")
    address_requests_per_second: float = Field(
        default=10_000.0, ge=0, description="from one address, which an office shares; 0 sets no limit; then 429"
    )
    trusted_proxies: str = Field(
        default="", description="addresses and CIDRs of proxies whose X-Forwarded-For names the client; none if unset"
    )
    idempotency_keep_hours: int = Field(
        default=48, ge=24, le=24 * 90, description="how long the answers of requests with an Idempotency-Key are kept"
    )
    audit_keep_days: int = Field(default=400, ge=1, le=3650, description="how long the audit log is kept, in days")
    wrong_credentials_per_second: float = Field(
        default=5.0, ge=0, description="from one address, after 60 s worth of them at once; 0 sets no limit; then 429"
    )
    sign_ins_per_minute: float = Field(
        default=10.0, ge=0, description="wrong passwords of one name, and three times as many tries from one address;"
        " 0 sets no limit; then 429",
    )  # fmt: skip
    pool_size: int = Field(default=8, ge=3, le=64)
    access_log: bool = True
    console_url: str | None = Field(default=None, description="where the console is; /console of this port if unset")
    home: Path = Field(default=Path("~/.local/share/ledgerwire"), description="data directory")
    files: Path | None = Field(
        default=None, description="where files are kept, shared with the executor; `files` in the home if unset"
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        for one in text.replace(",", " ").split():
            ip_network(one)
        return text

    @property
    def files_directory(self) -> Path:
        """Where files are kept."""
        return (self.files or self.home / "files").expanduser().absolute()
