"""Mails as they are written: what no mail can carry is refused with the reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from action_executor.mail.mime import Mail, MailFault, mime_of

# Each has the form that the API asks of an address; the parser of headers fails at each in another way.
NO_ADDRESSES = ["a@<b.example", "a@b.example<", "a,b@c.example", "a@[b.example", "\u00f3@<\u00e3.\u0086"]


@pytest.mark.parametrize("field", ["to", "cc"])
@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_an_address_that_no_header_can_carry_is_a_fault_of_the_mail(address: str, field: str) -> None:
    mail = Mail(message_id="<1@b.example>", sender="us@b.example", to=["a@b.example"], subject="Hello", body="Hello")
    about: dict[str, Any] = {field: [address]}
    with pytest.raises(MailFault, match="is no mail address"):
        mime_of(replace(mail, **about), dated=dt.datetime(2026, 3, 2, tzinfo=dt.UTC))
