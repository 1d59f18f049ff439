"""Secrets at rest: encrypted with the newest key, opened with any, distinguished by key id."""

from __future__ import annotations

import pytest

from chassis.encryption import DecryptionError, Encryptor, decrypt_fields, encrypted_field, key_id, new_key
from chassis.settings import SettingsError

OLD, NEW = new_key(), new_key()


def test_what_was_sealed_opens_again_and_shows_nothing() -> None:
    encryptor = Encryptor.parse(NEW)
    encrypted = encryptor.encrypt("whsec_abc")
    assert b"whsec" not in encrypted
    assert encryptor.open(encrypted) == "whsec_abc"
    assert encryptor.encrypt("whsec_abc") != encrypted


def test_the_newest_key_seals_and_older_ones_still_open() -> None:
    before = Encryptor.parse(OLD).encrypt("secret")
    encryptor = Encryptor.parse(f"{NEW},{OLD}")
    assert encryptor.open(before) == "secret"
    assert not encryptor.is_newest(before)
    assert encryptor.is_newest(encryptor.encrypt("secret"))
    assert Encryptor.parse(NEW).open(encryptor.encrypt("secret")) == "secret"


def test_a_missing_key_is_named_by_its_id() -> None:
    encrypted = Encryptor.parse(OLD).encrypt("secret")
    with pytest.raises(DecryptionError, match=f"needs key {key_id(OLD.encode())}"):
        Encryptor.parse(NEW).open(encrypted)


def test_damaged_bytes_are_called_damaged() -> None:
    encryptor = Encryptor.parse(NEW)
    encrypted = encryptor.encrypt("secret")
    with pytest.raises(DecryptionError, match="is damaged"):
        encryptor.open(encrypted[:-4] + b"AAA=")
    with pytest.raises(DecryptionError, match="not encrypted here"):
        encryptor.open(b"something else")


@pytest.mark.parametrize(
    "text",
    ["", " , ", "short", f"{NEW} short", " ".join([NEW] * 21)],
    ids=["empty", "separators", "short", "good and short", "too many"],
)
def test_wrong_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(SettingsError, match="LEDGERWIRE_SECRET_KEYS") as caught:
        Encryptor.parse(text)
    assert "short" not in str(caught.value)
    assert NEW not in str(caught.value)


def test_an_answer_shows_its_sealed_fields_and_leaves_the_rest() -> None:
    encryptor = Encryptor.parse(NEW)
    body = {"id": "1", "secret": encrypted_field("whsec_abc", encryptor), "steps": [{"input": {"encrypted": "mine"}}]}
    assert decrypt_fields(body, encryptor) == {
        "id": "1",
        "secret": "whsec_abc",
        "steps": [{"input": {"encrypted": "mine"}}],
    }
    assert decrypt_fields([body], encryptor) == [body]
