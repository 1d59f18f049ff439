"""Seal the secrets that must be read again (signing secrets, credentials) before they reach the database.

The keys come from `LEDGERWIRE_SECRET_KEYS`, newest first; the first seals, all open. What is sealed is text,
`lwseal1.<key id>.<Fernet token>`: the key id tells an operator which key is missing.
To change the key: add the new one at the end on every service, then move it to the front, restart, then drop the old.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from chassis.settings import SettingsError
from storage.pool import Connection, Pool

VARIABLE: Final = "LEDGERWIRE_SECRET_KEYS"
MARK: Final = "lwseal1"
KEYS_MAX: Final = 20
SEALED_FIELD: Final = "sealed"
_CANARY: Final = "ledgerwire"


class CannotOpen(Exception):
    """This was not sealed with any of the keys at hand."""


class Sealer:
    """Seals with the newest key, opens with any."""

    def __init__(self, keys: list[bytes]) -> None:
        self._fernets = MultiFernet([Fernet(key) for key in keys])
        self.key_ids: Final = [key_id(key) for key in keys]

    @classmethod
    def parse(cls, text: str) -> Sealer:
        """Read `LEDGERWIRE_SECRET_KEYS`: keys of 32 bytes in URL-safe base64, newest first, parted by commas or blanks.

        Raises:
            SettingsError: there is none, or one is no such key; the message tells which, never its value.
        """
        keys = [part.encode() for part in text.replace(",", " ").split()]
        if not 1 <= len(keys) <= KEYS_MAX:
            raise SettingsError(f"{VARIABLE} must hold 1 to {KEYS_MAX} keys, newest first; make one with {_REMEDY}")
        try:
            return cls(keys)
        except ValueError:
            wrong = next(number for number, key in enumerate(keys, 1) if not _is_key(key))
            raise SettingsError(f"{VARIABLE}: key {wrong} is not 32 bytes in base64; make one with {_REMEDY}") from None

    def seal(self, secret: str) -> bytes:
        """Seal a text with the newest key; ASCII, and different bytes each time."""
        return f"{MARK}.{self.key_ids[0]}.".encode() + self._fernets.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """Give back the text.

        Raises:
            CannotOpen: the key is not at hand, or the bytes are damaged; the message names the key id.
        """
        mark, _, rest = bytes(sealed).partition(b".")
        used, _, token = rest.partition(b".")
        if mark != MARK.encode():
            raise CannotOpen("these bytes were not sealed here")
        try:
            return self._fernets.decrypt(token).decode()
        except InvalidToken:
            name = used.decode(errors="replace")
            known = "is damaged" if name in self.key_ids else f"needs key {name}, which {VARIABLE} does not hold"
            raise CannotOpen(f"what was sealed {known}") from None

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the key that sealed these bytes is the one that seals now."""
        return bytes(sealed).startswith(f"{MARK}.{self.key_ids[0]}.".encode())


_REMEDY: Final = 'python -c "import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())"'


def key_id(key: bytes) -> str:
    """The name of a key that may be shown: the start of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:8]


def new_key() -> str:
    """Make a key for `LEDGERWIRE_SECRET_KEYS`."""
    return Fernet.generate_key().decode()


def _is_key(key: bytes) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def sealed_field(secret: str, sealer: Sealer) -> dict[str, str]:
    """A secret as it stands in an outcome's body until `open_sealed` shows it to its caller: `{"sealed": "..."}`."""
    return {SEALED_FIELD: sealer.seal(secret).decode()}


def open_sealed(value: Any, sealer: Sealer) -> Any:
    """Put the secret in place of each top-level field of an answer that is `{"sealed": "..."}`.

    Only top-level fields, which we alone name: what lies deeper may be a caller's own data, and nobody shall have
    bytes opened for him by sending them to us.

    Raises:
        CannotOpen: the key is not at hand.
    """
    if not isinstance(value, dict):
        return value
    return {
        name: sealer.open(field[SEALED_FIELD].encode()) if is_sealed(field) else field for name, field in value.items()
    }


def without_sealed(value: Any) -> Any:
    """An answer with null in place of each secret that `open_sealed` would show; the same object where it has none."""
    if not isinstance(value, dict) or not any(map(is_sealed, value.values())):
        return value
    return {name: None if is_sealed(field) else field for name, field in value.items()}


def is_sealed(field: Any) -> bool:
    """Whether this is what `sealed_field` made."""
    return isinstance(field, Mapping) and field.keys() == {SEALED_FIELD} and isinstance(field[SEALED_FIELD], str)


async def check_canary(pool: Pool, sealer: Sealer, *, schema: str) -> bool:
    """At start: prove that the keys open what this schema's secrets were sealed with; leave a canary the first time.

    Needs the table `canary(single boolean PRIMARY KEY DEFAULT true CHECK (single), sealed bytea NOT NULL)`. Answers
    False when the canary was sealed with an older key: seal the secrets again, then call `renew_canary`.

    Raises:
        SettingsError: the key that sealed this database's secrets is not among the keys.
    """
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute(
            f"INSERT INTO {schema}.canary (sealed) VALUES ($1) ON CONFLICT DO NOTHING",  # noqa: S608  constant schema
            sealer.seal(_CANARY),
        )
        sealed = await conn.fetchval(f"SELECT sealed FROM {schema}.canary")  # noqa: S608  constant schema
    try:
        opened = sealer.open(sealed)
    except CannotOpen as error:
        raise SettingsError(
            f"{VARIABLE} does not open the secrets of this database: {error}. Put that key back, at the end of the list"
        ) from None
    if opened != _CANARY:
        raise SettingsError(f"{VARIABLE}: the canary in {schema} is not ours: is this another program's database?")
    return sealer.is_newest(sealed)


async def renew_canary(conn: Connection, sealer: Sealer, *, schema: str) -> None:
    """Seal the canary with the newest key, in the transaction that sealed the schema's secrets with it."""
    await conn.execute(f"UPDATE {schema}.canary SET sealed = $1", sealer.seal(_CANARY))  # noqa: S608  constant schema
