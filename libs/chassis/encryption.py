"""Encrypt the secrets that must be readable later (signing secrets, credentials) before they reach the database.

The keys come from `LEDGERWIRE_SECRET_KEYS`, newest first; the first encrypts, all decrypt. What is encrypted is text,
`lwseal1.<key id>.<Fernet token>`: the key id shows an operator which key is missing.
To change the key: add the new one at the end on every service, then move it to the front, restart, then drop the old.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from chassis.settings import SettingsError

if TYPE_CHECKING:  # the console has keys and no database: its driver is not loaded there
    from storage.pool import Connection, Pool

VARIABLE: Final = "LEDGERWIRE_SECRET_KEYS"
MARK: Final = "lwseal1"
KEYS_MAX: Final = 20
ENCRYPTED_FIELD: Final = "encrypted"
_KEY_CHECK: Final = "ledgerwire"


class DecryptionError(Exception):
    """The bytes were not encrypted with any of the configured keys."""


class Encryptor:
    """Encrypts with the newest key, decrypts with any."""

    def __init__(self, keys: list[bytes]) -> None:
        self._fernets = MultiFernet([Fernet(key) for key in keys])
        self.key_ids: Final = [key_id(key) for key in keys]

    @classmethod
    def parse(cls, text: str) -> Encryptor:
        """Read `LEDGERWIRE_SECRET_KEYS`: URL-safe base64 keys of 32 bytes, newest first, separated by commas or blanks.

        Raises:
            SettingsError: there is none, or one is malformed; the message names its position, never its value.
        """
        keys = [part.encode() for part in text.replace(",", " ").split()]
        if not 1 <= len(keys) <= KEYS_MAX:
            raise SettingsError(f"{VARIABLE} must hold 1 to {KEYS_MAX} keys, newest first; make one with {_REMEDY}")
        try:
            return cls(keys)
        except ValueError:
            wrong = next(number for number, key in enumerate(keys, 1) if not _is_key(key))
            raise SettingsError(f"{VARIABLE}: key {wrong} is not 32 bytes in base64; make one with {_REMEDY}") from None

    def encrypt(self, secret: str) -> bytes:
        """Encrypt a text with the newest key; ASCII, and different bytes each time."""
        return f"{MARK}.{self.key_ids[0]}.".encode() + self._fernets.encrypt(secret.encode())

    def open(self, encrypted: bytes) -> str:
        """Give back the text.

        Raises:
            DecryptionError: the key is not configured, or the bytes are damaged; the message names the key id.
        """
        mark, _, rest = bytes(encrypted).partition(b".")
        used, _, token = rest.partition(b".")
        if mark != MARK.encode():
            raise DecryptionError("these bytes were not encrypted here")
        try:
            return self._fernets.decrypt(token).decode()
        except InvalidToken:
            name = used.decode(errors="replace")
            known = "is damaged" if name in self.key_ids else f"needs key {name}, which {VARIABLE} does not hold"
            raise DecryptionError(f"what was encrypted {known}") from None

    def is_newest(self, encrypted: bytes) -> bool:
        """Whether the key that encrypted these bytes is the one that encrypts now."""
        return bytes(encrypted).startswith(f"{MARK}.{self.key_ids[0]}.".encode())


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


def encrypted_field(secret: str, encryptor: Encryptor) -> dict[str, str]:
    """A secret in a stored result, until `decrypt_fields` shows it to its caller: `{"encrypted": "..."}`."""
    return {ENCRYPTED_FIELD: encryptor.encrypt(secret).decode()}


def decrypt_fields(value: Any, encryptor: Encryptor) -> Any:
    """Replace each top-level field of a response that is `{"encrypted": "..."}` by its plain text.

    Only top-level fields, whose names are ours: deeper values may be a caller's own data, and must never be decrypted
    for the caller.

    Raises:
        DecryptionError: the key is not configured.
    """
    if not isinstance(value, dict):
        return value
    return {
        name: encryptor.open(field[ENCRYPTED_FIELD].encode()) if is_sealed(field) else field
        for name, field in value.items()
    }


def without_sealed(value: Any) -> Any:
    """Return a response with null in place of each secret that `decrypt_fields` would show."""
    if not isinstance(value, dict) or not any(map(is_sealed, value.values())):
        return value
    return {name: None if is_sealed(field) else field for name, field in value.items()}


def is_sealed(field: Any) -> bool:
    """Whether this is a value that `encrypted_field` made."""
    return isinstance(field, Mapping) and field.keys() == {ENCRYPTED_FIELD} and isinstance(field[ENCRYPTED_FIELD], str)


async def check_key(pool: Pool, encryptor: Encryptor, *, schema: str) -> bool:
    """Prove at start that the keys decrypt this schema's secrets; store a check value the first time.

    Needs the table `key_check_value(single boolean PRIMARY KEY DEFAULT true CHECK (single), encrypted bytea NOT NULL)`.
    Returns False when the value was encrypted with an older key: encrypt the secrets again, then call
    `renew_key_check`.

    Raises:
        SettingsError: the key that encrypted this database's secrets is not among the keys.
    """
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute(
            f"INSERT INTO {schema}.key_check_value (encrypted) VALUES ($1) ON CONFLICT DO NOTHING",  # noqa: S608  constant schema
            encryptor.encrypt(_KEY_CHECK),
        )
        encrypted = await conn.fetchval(f"SELECT encrypted FROM {schema}.key_check_value")  # noqa: S608  constant schema
    try:
        opened = encryptor.open(encrypted)
    except DecryptionError as error:
        raise SettingsError(
            f"{VARIABLE} does not open the secrets of this database: {error}. Put that key back, at the end of the list"
        ) from None
    if opened != _KEY_CHECK:
        raise SettingsError(
            f"{VARIABLE}: the key_check_value in {schema} is not ours: is this another program's database?"
        )
    return encryptor.is_newest(encrypted)


async def renew_key_check(conn: Connection, encryptor: Encryptor, *, schema: str) -> None:
    """Encrypt the check value with the newest key, in the transaction that re-encrypts the schema's secrets."""
    await conn.execute(f"UPDATE {schema}.key_check_value SET encrypted = $1", encryptor.encrypt(_KEY_CHECK))  # noqa: S608  constant schema
