"""A real RabbitMQ for tests, bench and faults: its virtual hosts, its death and its return.

The private ones run from the machine's own `rabbitmq-server` or from a container, on two cores, loopback only, beside
any number of others. The management plugin makes a virtual host in 20 ms, where `rabbitmqctl` takes seconds.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import aio_pika
import aiohttp

from contracts.wire.topology import QUEUES
from tests.support import distribution
from tests.support.container import Container
from tests.support.machine import LocalProcess, Machine, ServersMissing, free_port, fresh_directory, say

READY_SECONDS_MAX: Final = 90.0
PAUSE_SECONDS: Final = 0.05
CONTROL_SECONDS_MAX: Final = 60.0
USER: Final = "tests"
LAUNCHERS: Final = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",  # Debian, Fedora: the one in the path insists on its own user
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server",
    "/opt/rabbitmq*/sbin/rabbitmq-server",
    "/usr/local/lib/rabbitmq*/sbin/rabbitmq-server",
    "/opt/homebrew/sbin/rabbitmq-server",
)
EPMD_PATH: Final = "/usr/lib/erlang/bin:/usr/local/lib/erlang/bin:/usr/local/bin:/usr/bin"
# Two schedulers that do not spin while they wait: the broker shares two cores with everything else.
ERLANG_FLAGS: Final = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"

CONFIGURATION: Final = """\
listeners.tcp.local = 127.0.0.1:{port}
management.tcp.ip = 127.0.0.1
management.tcp.port = {admin_port}
management_agent.disable_metrics_collector = true
default_user = {user}
default_pass = {password}
raft.wal_max_size_bytes = 64000000
log.console = true
log.console.level = warning
log.file = false
"""


class Rabbitmq:
    """A broker. One that was given by its address can be used, but neither killed nor stopped.

    Before a first `kill`, let queues be older than a second: the broker (Ra's directory of queues) notes a new one on
    the disk half a second late, and one that was not noted comes back empty and without a leader for good.
    """

    def __init__(self, url: str, admin_url: str | None, machine: Machine | None = None) -> None:
        self.url: Final = url
        """The AMQP address of the default virtual host."""
        self._admin_url = admin_url
        self._machine = machine

    @property
    def machine(self) -> Machine:
        """What it runs as."""
        assert self._machine is not None, "this broker was given by its address: it is not ours to stop"
        return self._machine

    @property
    def pid(self) -> int:
        """The process id of the broker (of the container's first process, where it is one)."""
        return self.machine.pid

    async def start(self) -> None:
        """Start it with the data it has, and wait until it takes connections."""
        await self.machine.start()
        await self.ready()

    async def kill(self) -> None:
        """End it with SIGKILL."""
        await self.machine.kill()

    async def stop_gracefully(self) -> None:
        """Shut it down in order."""
        await self.machine.stop()

    async def ready(self) -> None:
        """Wait until a real connection works; a listening port is no proof.

        Raises:
            ServersMissing: it ended, or the time is over; the message carries what it said last.
        """
        ends = time.monotonic() + READY_SECONDS_MAX
        parts = urlsplit(self.url)
        while True:
            try:
                # first the bare port: the client logs an error for each connection that is refused
                _, writer = await asyncio.open_connection(parts.hostname, parts.port or 5672)
                writer.close()
                async with asyncio.timeout(5):
                    connection = await aio_pika.connect(self.url)
            except (OSError, aio_pika.exceptions.AMQPError) as error:
                if time.monotonic() > ends or (self._machine is not None and self._machine.ended()):
                    said = self._machine.log_tail() if self._machine is not None else ""
                    raise ServersMissing(f"RabbitMQ does not answer: {error!r}\n{said}") from error
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                await connection.close()
                return

    async def control(self, *command: str) -> None:
        """Run a command of `rabbitmqctl`."""
        assert isinstance(self.machine, Node), "only a broker of this machine"
        await self.machine.control(*command)

    async def create_vhost(self) -> str:
        """Make an empty virtual host and give its address.

        A broker without the management plugin has one for all: it is emptied of our queues instead.
        """
        if self._admin_url is None:
            await _delete_our_queues(self.url)
            return self.url
        name = f"t-{secrets.token_hex(6)}"
        user = quote(urlsplit(self.url).username or "guest", safe="")
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        async with aiohttp.ClientSession(self._admin_url, raise_for_status=True) as session:
            await (await session.put(f"/api/vhosts/{name}")).read()
            await (await session.put(f"/api/permissions/{name}/{user}", json=everything)).read()
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    async def delete_vhost(self, url: str) -> None:
        """Delete a virtual host with all that is in it."""
        if self._admin_url is not None:
            async with aiohttp.ClientSession(self._admin_url, raise_for_status=True) as session:
                await (await session.delete(f"/api/vhosts{urlsplit(url).path}")).read()

    async def remove(self) -> None:
        """Kill it and forget its data."""
        if self._machine is not None:
            await self._machine.remove()


async def given(url: str) -> Rabbitmq:
    """Use a broker by its address; its management plugin, where it has one, on the usual port with the same user."""
    parts = urlsplit(url)
    admin_url = f"http://{parts.netloc.rpartition(':')[0] if parts.port else parts.netloc}:15672"
    broker = Rabbitmq(url, admin_url if await _is_admin(admin_url) else None)
    await broker.ready()
    return broker


async def from_image(image: str) -> Rabbitmq:
    """Start one from a container image, with what it has of our settings."""
    password, port, admin_port = secrets.token_hex(12), free_port(), free_port()
    erlang = f"{ERLANG_FLAGS} -rabbitmq_management_agent disable_metrics_collector true -ra wal_max_size_bytes 64000000"
    machine = await asyncio.to_thread(
        Container,
        image,
        ports={5672: port, 15672: admin_port},
        environment={
            "RABBITMQ_DEFAULT_USER": USER,
            "RABBITMQ_DEFAULT_PASS": password,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": erlang,
        },
        stop_with=["rabbitmqctl", "stop"],
    )
    who = f"{USER}:{password}@{machine.host}"
    return await _started(Rabbitmq(f"amqp://{who}:{port}/", f"http://{who}:{admin_port}", machine))


async def from_machine(launcher: Path, *, in_memory: bool = False) -> Rabbitmq:
    """Start one from the machine's installation, as a node of its own with data, ports, cookie and name of its own."""
    directory = fresh_directory("rabbitmq", in_memory=in_memory)
    password, port, admin_port = secrets.token_hex(12), free_port(), free_port()
    text = CONFIGURATION.format(port=port, admin_port=admin_port, user=USER, password=password)
    (directory / "rabbitmq.conf").write_text(text)
    (directory / "enabled_plugins").write_text("[rabbitmq_management].\n")
    who = f"{USER}:{password}@127.0.0.1"
    machine = Node(launcher, directory)
    return await _started(Rabbitmq(f"amqp://{who}:{port}/", f"http://{who}:{admin_port}", machine))


async def _started(broker: Rabbitmq) -> Rabbitmq:
    try:
        await broker.start()
    except BaseException:
        await broker.remove()
        raise
    return broker


class Node(LocalProcess):
    """A RabbitMQ node of this machine, with a port mapper of its own."""

    __slots__ = ("_cookie", "_epmd")

    def __init__(self, launcher: Path, directory: Path) -> None:
        epmd_port = str(free_port())
        self._cookie = secrets.token_hex(12)
        environment = _environment(directory, self._cookie) | {"ERL_EPMD_PORT": epmd_port}
        super().__init__([launcher], directory, directory / "broker.log", environment)
        epmd = shutil.which("epmd", path=f"{os.environ.get('PATH', '')}:{EPMD_PATH}") or "epmd"
        self._epmd = LocalProcess(
            [epmd, "-port", epmd_port, "-address", "127.0.0.1"], directory, directory / "epmd.log", environment
        )

    async def start(self) -> None:
        """Start the port mapper, which else would outlive everything, then the node."""
        if self._epmd.process is None:
            await self._epmd.start()
        await LocalProcess.start(self)

    async def control(self, *command: str) -> None:
        """Run a command of `rabbitmqctl` on it."""
        node = self.environment["RABBITMQ_NODENAME"]
        process = await asyncio.create_subprocess_exec(
            Path(self.command[0]).with_name("rabbitmqctl"), "--node", node, "--erlang-cookie", self._cookie, *command,
            env=dict(self.environment), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(process.communicate(), CONTROL_SECONDS_MAX)
        assert process.returncode == 0, said.decode(errors="replace")

    async def remove(self) -> None:
        """Kill both and remove the data."""
        await self.kill()
        await self._epmd.kill()
        await asyncio.to_thread(shutil.rmtree, self.cwd, ignore_errors=True)


def _environment(directory: Path, cookie: str) -> dict[str, str]:
    own = f"-setcookie {cookie} -kernel inet_dist_use_interface {{127,0,0,1}}"
    return {
        "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/bin:/bin",
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "RABBITMQ_NODENAME": f"{directory.name}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(directory),
        "RABBITMQ_LOG_BASE": str(directory),
        "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{ERLANG_FLAGS} {own}",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RUNNING_UNDER_SYSTEMD": "true",  # the launcher then becomes the broker instead of waiting beside it
    }


def launcher_of_this_machine() -> Path | None:
    """Find what starts a RabbitMQ node directly; None where none is installed."""
    for pattern in LAUNCHERS:
        for found in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if os.access(found, os.X_OK):
                return found
    named = shutil.which("rabbitmq-server")
    if named is not None and b"su rabbitmq" not in Path(named).read_bytes():
        return Path(named)
    return None


INSTALL: Final = """
set -e
export DEBIAN_FRONTEND=noninteractive
# What is installed for the tests must not start a broker on the usual port.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\\nexit 101\\n' >$policy
  chmod +x $policy
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends rabbitmq-server
"""
INSTALL_SECONDS_MAX: Final = 900


async def install(progress: Callable[[str], None] = say) -> bool:
    """Install the distribution's package where that is ours to do; whether it went well."""
    return await distribution.install("RabbitMQ", INSTALL, progress, seconds_max=INSTALL_SECONDS_MAX)


async def _is_admin(admin_url: str) -> bool:
    try:
        async with aiohttp.ClientSession(admin_url, timeout=aiohttp.ClientTimeout(total=3)) as session:
            return (await session.get("/api/whoami")).status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _delete_our_queues(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        for queue in QUEUES:
            for name in (queue.name, queue.dead):
                await channel.queue_delete(name)
