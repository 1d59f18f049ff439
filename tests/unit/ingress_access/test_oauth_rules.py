"""Which redirect URIs may be registered, and which verifier fits a challenge."""

from __future__ import annotations

import pytest

from ingress.access.oauth.rules import answer_uri, uri_fault, verifies


def test_the_example_of_rfc_7636_appendix_b() -> None:
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert verifies(challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert not verifies(challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK")
    assert not verifies(challenge, "short")


@pytest.mark.parametrize(
    "uri",
    ["https://a.example/b?c=d", "http://127.0.0.1/cb", "http://[::1]:80/", "http://localhost:3000/", "com.a.b:/x"],
)
def test_what_may_be_registered(uri: str) -> None:
    assert uri_fault(uri) is None


@pytest.mark.parametrize(
    "uri",
    [
        "http://a.example/", "https:///x", "/relative", "https://a.example/#f", "https://u:p@a.example/",
        "data:text/html,x",
        "javascript:alert(1)", "https://a.example/\n", "https://a.example/é", "https://[::1/",
        "https://a.example/" + "x" * 2000,
    ],
)  # fmt: skip
def test_what_may_not_be_registered(uri: str) -> None:
    assert uri_fault(uri)


def test_an_answer_keeps_the_redirect_uris_own_query_rfc_6749_3_1_2() -> None:
    assert answer_uri("https://a.example/?x=1", "https://l.example", "s", code="c") == (
        "https://a.example/?x=1&code=c&state=s&iss=https%3A%2F%2Fl.example"
    )
