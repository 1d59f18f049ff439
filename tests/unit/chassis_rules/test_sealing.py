"""Secrets at rest: sealed with the newest key, opened with any, told apart by key id."""

from __future__ import annotations

import pytest

from chassis.sealing import CannotOpen, Sealer, key_id, new_key, open_sealed, sealed_field
from chassis.settings import SettingsError

OLD, NEW = new_key(), new_key()


def test_what_was_sealed_opens_again_and_shows_nothing() -> None:
    sealer = Sealer.parse(NEW)
    sealed = sealer.seal("whsec_abc")
    assert b"whsec" not in sealed
    assert sealer.open(sealed) == "whsec_abc"
    assert sealer.seal("whsec_abc") != sealed


def test_the_newest_key_seals_and_older_ones_still_open() -> None:
    before = Sealer.parse(OLD).seal("secret")
    sealer = Sealer.parse(f"{NEW},{OLD}")
    assert sealer.open(before) == "secret"
    assert not sealer.is_newest(before)
    assert sealer.is_newest(sealer.seal("secret"))
    assert Sealer.parse(NEW).open(sealer.seal("secret")) == "secret"


def test_a_missing_key_is_named_by_its_id() -> None:
    sealed = Sealer.parse(OLD).seal("secret")
    with pytest.raises(CannotOpen, match=f"needs key {key_id(OLD.encode())}"):
        Sealer.parse(NEW).open(sealed)


def test_damaged_bytes_are_called_damaged() -> None:
    sealer = Sealer.parse(NEW)
    sealed = sealer.seal("secret")
    with pytest.raises(CannotOpen, match="is damaged"):
        sealer.open(sealed[:-4] + b"AAA=")
    with pytest.raises(CannotOpen, match="not sealed here"):
        sealer.open(b"something else")


@pytest.mark.parametrize(
    "text",
    ["", " , ", "short", f"{NEW} short", " ".join([NEW] * 21)],
    ids=["empty", "separators", "short", "good and short", "too many"],
)
def test_wrong_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(SettingsError, match="LEDGERWIRE_SECRET_KEYS") as caught:
        Sealer.parse(text)
    assert "short" not in str(caught.value)
    assert NEW not in str(caught.value)


def test_an_answer_shows_its_sealed_fields_and_leaves_the_rest() -> None:
    sealer = Sealer.parse(NEW)
    body = {"id": "1", "secret": sealed_field("whsec_abc", sealer), "steps": [{"input": {"sealed": "mine"}}]}
    assert open_sealed(body, sealer) == {"id": "1", "secret": "whsec_abc", "steps": [{"input": {"sealed": "mine"}}]}
    assert open_sealed([body], sealer) == [body]
