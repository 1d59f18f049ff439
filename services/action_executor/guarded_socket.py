"""Open a TCP connection to a judged address, for what does not speak HTTP: the same guard as the HTTP client's."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

from action_executor.http_client import NOT_ALLOWED, GuardedResolver, TargetRefused
from chassis.egress import EgressPolicy, literal_address


class NoConnection(OSError):
    """No connection; the message says why, `refused` when the target may never be called."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.refused = reason, refused


@dataclass(frozen=True, slots=True)
class GuardedDialer:
    """Resolves a name, judges every address it has, and connects to one of those."""

    policy: EgressPolicy
    connect_seconds: float

    async def connect(self, host: str, port: int) -> socket.socket:
        """A connected socket that does not block.

        Raises:
            NoConnection: the target is refused, does not resolve, or does not answer in time.
        """
        resolver = GuardedResolver(self.policy)
        try:
            async with asyncio.timeout(self.connect_seconds):
                return await self._connect(resolver, host, port)
        except TargetRefused:
            raise NoConnection(f"the target {NOT_ALLOWED}", refused=True) from None
        except TimeoutError:
            raise NoConnection("no connection in time") from None
        finally:
            await resolver.close()

    async def _connect(self, resolver: GuardedResolver, host: str, port: int) -> socket.socket:
        reason = f"the name {host} does not resolve"
        for family, address in await self._addresses(resolver, host, port):
            made = socket.socket(family, socket.SOCK_STREAM)
            made.setblocking(False)  # noqa: FBT003  the socket's own interface
            try:
                await asyncio.get_running_loop().sock_connect(made, (address, port))
            except OSError:
                made.close()
                reason = f"cannot connect to {host}:{port}"
            except BaseException:
                made.close()
                raise
            else:
                return made
        raise NoConnection(reason)

    async def _addresses(
        self, resolver: GuardedResolver, host: str, port: int
    ) -> list[tuple[socket.AddressFamily, str]]:
        literal = literal_address(host)
        if literal is not None:
            if fault := self.policy.refuses_address(literal, host=host):
                raise TargetRefused(fault)
            return [(socket.AF_INET if literal.version == 4 else socket.AF_INET6, str(literal))]  # noqa: PLR2004
        try:
            found = await resolver.resolve(host, port)
        except TargetRefused:
            raise
        except OSError:
            return []
        return [(socket.AddressFamily(one["family"]), one["host"]) for one in found]
