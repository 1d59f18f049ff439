"""What the console reads from the environment once, in `__main__`."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from chassis.settings import ProgramSettings, local_url

PREFIX_PATH: Final = "/console"
"""Below which every page is, embedded or separate."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class ConsoleSettings(ProgramSettings):
    """Where the console is, and where it finds the API."""

    secret_keys: SecretStr | None = Field(
        default=None, description="keys that encrypt the sessions' cookies, newest first, separated by commas"
    )
    api_url: str | None = Field(default=None, description="where the console finds the API; the public URL if unset")
    console_url: str | None = Field(default=None, description="where browsers find it; /console of the public URL")
    console_port: int = Field(default=8090, ge=0, le=65535, description="where the separate console listens")

    @property
    def public_base(self) -> str:
        """Where browsers find the API, and the sign-in page with it."""
        return self.public_url or local_url(self.host, self.port)

    @property
    def api_base(self) -> str:
        """Where the console itself finds the API."""
        return self.api_url or self.public_base

    @property
    def console_base(self) -> str:
        """Where browsers find the console."""
        return self.console_url or self.public_base + PREFIX_PATH

    @property
    def is_local(self) -> bool:
        """Whether browsers reach the console on their own machine."""
        return urlsplit(self.console_base).hostname in _LOOPBACK

    @property
    def needs_https(self) -> bool:
        """Whether browsers would not send the session's cookie, which is `Secure` outside loopback."""
        return not self.is_local and not self.console_base.startswith("https:")
