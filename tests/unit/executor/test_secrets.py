"""What was sent as a secret is redacted in what comes back, in whatever form; everything else stays."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from action_executor.connections.secrets import NO_SECRETS, REDACTED, Secrets

TOKEN = 'tök/en+"42"=='
SECRETS = Secrets(
    "https://hooks.example/services/T0AB12/XYZZY?key=HUSH",
    {"Authorization": f"Bearer {TOKEN}", "X-Login": "Basic " + b64encode(b"ann:pa55word").decode()},
)


@pytest.mark.parametrize(
    "shown",
    [
        TOKEN,
        f"you sent Authorization: Bearer {TOKEN}.",
        quote(TOKEN, safe=""),
        quote(TOKEN, safe="").lower(),
        json.dumps(TOKEN),
        json.dumps(TOKEN, ensure_ascii=False),
        b64encode(TOKEN.encode()).decode(),
        urlsafe_b64encode(b"Authorization: Bearer " + TOKEN.encode() + b"; more").decode(),
        "pa55word",
        "ann:pa55word",
        "XYZZY",
        "T0AB12",
        "key=HUSH",
    ],
)
def test_a_secret_is_redacted_in_every_form(shown: str) -> None:
    redacted = SECRETS.redact(shown)
    assert REDACTED in redacted
    assert not any(part in redacted for part in (TOKEN, "pa55word", "XYZZY", "T0AB12", "HUSH"))


def test_names_and_values_at_any_depth_are_redacted() -> None:
    assert SECRETS.redact({"XYZZY": [{"a": ["HUSH", 1, None]}]}) == {REDACTED: [{"a": [REDACTED, 1, None]}]}
    assert SECRETS.redact_bytes(b"%PDF XYZZY \xff") == b"%PDF [secret] \xff"


def test_words_of_a_path_and_everything_without_a_connection_stay() -> None:
    assert SECRETS.redact("the services at hooks.example") == "the services at hooks.example"
    assert NO_SECRETS.redact("anything") == "anything"


@given(st.text(min_size=8, max_size=40), st.integers(0, 5))
def test_a_secret_inside_a_longer_text_in_base64_is_redacted(secret: str, before: int) -> None:
    encoded = b64encode(b"x" * before + secret.encode() + b"yz").decode()
    assert REDACTED in Secrets("https://a.example", {"X": secret}).redact(encoded)
