"""The account: one company's profile and settings. Changes, output, and what templates can refer to."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from contracts.resources.collector import DurationText
from contracts.resources.json_rules import all_of, given
from contracts.resources.number_format import NumberFormat
from contracts.resources.output import ResponseModel
from contracts.resources.schemas import (
    Address,
    Email,
    Locale,
    Model,
    PayTerm,
    Reference,
    ShortText,
    WithCurrency,
    required_if_sent,
)
from contracts.values import Form

BANK_ACCOUNTS_MAX: Final = 10
"""More would leave no room for the document on its first page."""

FOOTER_CHARS_MAX: Final = 2_000
"""A paragraph of legal text; it is printed at the end of every document."""

HOLIDAYS_MAX: Final = 200  # ten years of public holidays

URL_CHARS_MAX: Final = 2_000  # longest URL that common servers and proxies take
LOGO_BYTES_MAX: Final = 256 * 1024
"""It is embedded in every PDF, and travels in a JSON body of at most 1 MiB."""

_PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_B64: Final = "[A-Za-z0-9+/]"
# How these begin in base64.
_PICTURE_FORM: Final = f"^(iVBORw0KGg[opqr]=|(iVBORw0KGg[opqr]{_B64}|/9j/)({_B64}{{4}})*({_B64}{{2}}==|{_B64}{{3}}=)?)$"
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_ZONE: Final = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
_IBAN_MODULUS: Final = 97


def read_time_zone(given: str) -> str:
    """Check the name of a time zone of the IANA database.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        if _ZONE.fullmatch(given):
            ZoneInfo(given)
            return given
    except (KeyError, ValueError, OSError):  # unknown, or the name of a folder of zones
        pass
    raise ValueError("is not a time zone of the IANA database, such as Europe/Riga")


def read_iban(given: str) -> str:
    """Read an IBAN (ISO 13616), its spaces removed, in capitals.

    Raises:
        ValueError: it has another form, or its check digits do not fit.
    """
    iban = "".join(given.split()).upper()
    if not _IBAN.fullmatch(iban):
        raise ValueError("must be an IBAN: two letters, two digits, then 11 to 30 letters and digits")
    if int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % _IBAN_MODULUS != 1:
        raise ValueError("is not a valid IBAN: its check digits do not fit; compare it with the original")
    return iban


def read_website(given: str) -> str:
    """Check the address of a website.

    Raises:
        ValueError: it is no absolute http or https URL.
    """
    try:
        parts = urlsplit(given)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not given.isprintable() or " " in given:
        raise ValueError("must be an absolute URL such as https://example.com")
    return given


def _logo_bytes(given: str) -> str:
    try:
        content = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):  # not base64, not ASCII
        raise ValueError("must be the file's bytes in base64") from None
    if not content.startswith(_PICTURES):
        raise ValueError("must be a PNG or a JPEG")
    if len(content) > LOGO_BYTES_MAX:
        raise ValueError(f"must be a file of at most {LOGO_BYTES_MAX} bytes, this one has {len(content)}")
    return given


TimeZone = Annotated[
    str,
    StringConstraints(max_length=100),
    AfterValidator(read_time_zone),
    Field(json_schema_extra={"format": "iana-time-zone"}),
]
Iban = Annotated[
    str,
    StringConstraints(max_length=60),
    AfterValidator(read_iban),
    Field(json_schema_extra={"format": "iban", "description": "ISO 13616; spaces are removed"}),
]
Bic = Annotated[
    str, Form(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", "must be a BIC of 8 or 11 capitals, such as HABALV22")
]
EndpointId = Annotated[
    str, Form(r"[0-9]{4}:[!-~]{1,50}", "must be a Peppol participant identifier, such as 0088:5790000435975")
]
ClockTime = Annotated[str, Form(r"([01][0-9]|2[0-3]):[0-5][0-9]", "must be a time of day, such as 09:00")]
Weekday = Annotated[int, Field(ge=1, le=7)]
SmsSender = Annotated[
    str, Form(r"([A-Za-z0-9 ]{1,11}|\+?[0-9]{3,15})", "must be up to 11 letters and digits, or a number")
]
DisputedInvoices = Literal["leave_out", "mark"]
Website = Annotated[
    str,
    StringConstraints(max_length=URL_CHARS_MAX),
    AfterValidator(read_website),
    Field(json_schema_extra={"format": "uri", "pattern": "^https?://"}),
]


class BankAccount(Model):
    """A bank account that clients pay to."""

    name: ShortText | None = None
    iban: Iban
    bic: Bic | None = None


class LogoIn(Model):
    """A picture: a PNG or JPEG in base64."""

    content: Annotated[
        str,
        AfterValidator(_logo_bytes),
        Field(json_schema_extra={"contentEncoding": "base64", "pattern": _PICTURE_FORM}),
    ]


class SendWindow(Model):
    """When reminders may go, in the account's time zone: from `opens` until before `closes`, Monday is 1.

    Without `opens` from midnight, without `closes` until midnight, without `weekdays` on every day.
    """

    opens: ClockTime | None = None
    closes: ClockTime | None = None
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)] | None = None
    holidays: Annotated[list[dt.date], Field(max_length=HOLIDAYS_MAX)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _is_open_some_time(self) -> Self:
        if self.opens is not None and self.closes is not None and self.opens >= self.closes:
            raise ValueError("must close after it opens")
        return self


class FollowSettings(Model):
    """Let promises and cases count by the account's settings as they are now."""


_DATES_EVERY_DOCUMENT: Final[dict[str, Any]] = all_of(
    {"properties": {"type": {"not": {"const": 0}}}},
    {"if": {"properties": {"type": {"const": 1}}, "required": ["type"]}, "then": given("days")},
)


class AccountPatch(WithCurrency):
    """What may change of an account: absent fields stay, null takes a value away, lists and addresses are replaced.

    `default_pay_term` applies to clients without one of their own; `number_format` to documents issued from now on.
    """

    name: ShortText | None = None
    legal_name: ShortText | None = None
    address: Address | None = None
    reg_number: Reference | None = None
    vat_number: Reference | None = None
    email: Email | None = None
    phone: Reference | None = None
    website: Website | None = None
    bank_accounts: Annotated[list[BankAccount], Field(max_length=BANK_ACCOUNTS_MAX)] | None = None
    endpoint_id: EndpointId | None = None
    locale: Locale | None = None
    time_zone: TimeZone | None = None
    number_format: NumberFormat | None = None
    default_pay_term: PayTerm | None = Field(default=None, json_schema_extra=_DATES_EVERY_DOCUMENT)
    invoice_footer: Annotated[str, StringConstraints(max_length=FOOTER_CHARS_MAX)] | None = None
    logo: LogoIn | None = None
    send_window: SendWindow | None = None
    min_contact_interval: DurationText | None = None
    reply_to: Email | None = None
    sender_name: ShortText | None = None
    sms_sender: SmsSender | None = None
    thank_you: bool | None = None
    await_replies: bool | None = Field(
        default=None, description="a reply holds reminders back until it is resolved; true when left out"
    )
    disputed_invoices: DisputedInvoices | None = Field(
        default=None,
        description="whether messages leave disputed invoices out, or list them marked as disputed, without counting"
        " them in what is demanded; leave_out when left out",
    )

    _kept = field_validator("name", "locale", "time_zone", "currency", "bank_accounts", mode="before")(required_if_sent)

    @field_validator("default_pay_term")
    @classmethod
    def _dates_every_document(cls, term: PayTerm | None) -> PayTerm | None:
        if term is not None and term.type == 0:
            raise ValueError("cannot have type 0 (other date): its date is known only for each document")
        if term is not None and term.type == 1 and term.days is None:
            raise ValueError("needs days with type 1 (due days)")
        return term


PROFILE_FIELDS: Final = (
    "legal_name", "address", "reg_number", "vat_number", "email", "phone", "website", "bank_accounts", "endpoint_id",
    "invoice_footer",
)  # fmt: skip
"""The fields that are only shown and printed; nothing is computed from them."""


COLLECTION_FIELDS: Final = (
    "send_window", "min_contact_interval", "reply_to", "sender_name", "sms_sender", "thank_you",
    "await_replies", "disputed_invoices",
)  # fmt: skip
"""The settings of collections: when reminders go, how far contacts are apart, from whom, and what they list."""


def collections_of(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Complete the kept settings of collections: those that were never set are null, replies are waited for."""
    defaults = {
        "thank_you": bool(kept.get("thank_you")),
        "await_replies": awaits_replies(kept),
        "disputed_invoices": "mark" if marks_disputed(kept) else "leave_out",
    }
    return {name: kept.get(name) for name in COLLECTION_FIELDS} | defaults


def awaits_replies(kept: Mapping[str, Any]) -> bool:
    """Whether a reply holds reminders back until it is resolved."""
    return kept.get("await_replies") is not False


def marks_disputed(kept: Mapping[str, Any]) -> bool:
    """Whether messages list disputed invoices, marked as such, instead of leaving them out."""
    return kept.get("disputed_invoices") == "mark"


def profile_of(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Complete the kept fields of a profile: those that were never set are null, the list of bank accounts empty."""
    return {name: kept.get(name) for name in PROFILE_FIELDS} | {"bank_accounts": kept.get("bank_accounts") or []}


def template_account(row: Mapping[str, Any]) -> dict[str, Any]:
    """The account's fields for templates, from a row of `ingress_api.account`."""
    return {
        "id": str(row["account_id"]),
        "name": row["name"],
        "currency": row["currency"],
        "locale": row["locale"],
        "time_zone": row["time_zone"],
        "default_pay_term": row["default_pay_term"],
        **profile_of(row["profile"]),
    }


_SAMPLE_ADDRESS: Final = dict.fromkeys(Address.model_fields, "")
SAMPLE_TEMPLATE_ACCOUNT: Final[Mapping[str, Any]] = template_account({
    "account_id": "0198f7c4-0a00-7f30-8c73-2e4f5a6b7c8d",
    "name": "", "currency": "EUR", "locale": "en", "time_zone": "UTC",
    "default_pay_term": {"type": 1, "days": 14},
    "profile": dict.fromkeys(PROFILE_FIELDS, "")
    | {"address": _SAMPLE_ADDRESS, "bank_accounts": [dict.fromkeys(BankAccount.model_fields, "")]},
})  # fmt: skip
"""Every field that a template can refer to, for the check of references."""


class Plan(ResponseModel):
    """What the account may keep; a limit of null is none."""

    clients_max: int | None
    products_max: int | None


class Logo(ResponseModel):
    """A picture that is printed on documents; its bytes are at `url`."""

    content_type: Literal["image/png", "image/jpeg"]
    size: int
    sha256: str
    url: str


class AccountProfile(ResponseModel):
    """The company's profile and settings; `default_pay_term` null is 14 days."""

    id: UUID
    name: str
    legal_name: str | None
    address: Address | None
    reg_number: str | None
    vat_number: str | None
    email: str | None
    phone: str | None
    website: str | None
    bank_accounts: list[BankAccount]
    endpoint_id: str | None
    invoice_footer: str | None
    locale: str
    time_zone: str
    currency: str
    number_format: str
    default_pay_term: PayTerm | None
    send_window: SendWindow | None
    min_contact_interval: str | None
    reply_to: str | None
    sender_name: str | None
    sms_sender: str | None
    thank_you: bool
    await_replies: bool
    disputed_invoices: DisputedInvoices
    logo: Logo | None
    plan: Plan
    created_at: dt.datetime
    updated_at: dt.datetime
