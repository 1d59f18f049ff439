"""Servers from container images that are already there: one of the places where `servers` looks. Nothing is pulled."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from tests.support.watchdog import watchdog

COMPOSE: Final = Path(__file__).parents[2] / "docker-compose.yml"
DEFAULT_IMAGES: Final = {"postgres": "postgres:17", "rabbitmq": "rabbitmq:4-management"}
ENGINE_SECONDS_MAX: Final = 5
STOP_SECONDS_MAX: Final = 60
# Run with our own interpreter, so that no client program need be there.
REMOVE: Final = "import docker, sys; docker.from_env().containers.get(sys.argv[1]).remove(force=True, v=True)"


class Container:
    """A container that does not outlive us, with fixed ports on this machine. Made by `__init__`, not yet started."""

    def __init__(
        self,
        image: str,
        *,
        ports: Mapping[int, int],
        environment: Mapping[str, str],
        command: Sequence[str] = (),
        stop_with: Sequence[str] = (),
    ) -> None:
        # Here, because the engine's library takes a third of a second to load.
        os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"  # it would be pulled; the watchdog does its work
        from testcontainers.core.config import ConnectionMode  # noqa: PLC0415
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415

        made: Any = DockerContainer(image, env=dict(environment))
        if command:
            made.with_command(list(command))
        client = made.get_docker_client()
        local = client.get_connection_mode() is ConnectionMode.docker_host and client.host() in {"localhost", ""}
        for inside, outside in ports.items():
            made.ports[f"{inside}/tcp"] = ("127.0.0.1", outside) if local else outside
        self.host: Final[str] = "127.0.0.1" if local else client.host()
        self._made = made
        self._stop_with = list(stop_with)
        self._watched = 0

    @property
    def pid(self) -> int:
        """The process id of the container's first process."""
        return int(self._now().attrs["State"]["Pid"])

    async def start(self) -> None:
        """Create and start it, or start it again with the files it has."""
        if self._watched:
            await asyncio.to_thread(self._made.get_wrapped_container().start)
            return
        await asyncio.to_thread(self._made.start)
        identifier = self._made.get_wrapped_container().id
        self._watched = watchdog().run_after_us(sys.executable, "-c", REMOVE, identifier)

    async def kill(self) -> None:
        """End it with SIGKILL."""
        await asyncio.to_thread(self._made.get_wrapped_container().kill)
        await asyncio.to_thread(self._made.get_wrapped_container().wait)

    async def stop(self) -> None:
        """Ask it to end: by its own command where it has one, else by SIGINT; after a while the engine kills it."""
        container = self._made.get_wrapped_container()
        if self._stop_with:
            await asyncio.to_thread(container.exec_run, self._stop_with)
        else:
            await asyncio.to_thread(container.kill, "SIGINT")
        with suppress(Exception):  # the engine's library raises what its transport raises when the time is over
            await asyncio.to_thread(container.wait, timeout=STOP_SECONDS_MAX)
        await asyncio.to_thread(container.stop, timeout=1)

    async def remove(self) -> None:
        """Remove it with its files."""
        if self._watched:
            await asyncio.to_thread(self._made.stop)
            watchdog().withdraw(self._watched)

    def ended(self) -> bool:
        """Whether it ended by itself."""
        return str(self._now().status) in {"exited", "dead"}

    def log_tail(self) -> str:
        """The last lines of its log."""
        return str(self._now().logs(tail=15).decode(errors="replace"))

    def _now(self) -> Any:
        container = self._made.get_wrapped_container()
        container.reload()
        return container


def image_of(server: str) -> str:
    """Give the image that the compose file names for `postgres` or `rabbitmq`."""
    with suppress(OSError):
        named = re.search(rf"^\s*image:\s*[\"']?(?:\$\{{\w+:-)?({server}:[\w.-]+)", COMPOSE.read_text(), re.MULTILINE)
        if named is not None:
            return named[1]
    return DEFAULT_IMAGES[server]


def has_image(image: str) -> bool:
    """Whether an engine answers, and has the image."""
    try:
        docker: Any = import_module("docker")  # heavy, and seldom needed

        client = docker.from_env(timeout=ENGINE_SECONDS_MAX)
    except Exception:  # noqa: BLE001  # whatever keeps us from an engine: there is none
        return False
    try:
        client.images.get(image)
    except Exception:  # noqa: BLE001
        return False
    finally:
        client.close()
    return True
