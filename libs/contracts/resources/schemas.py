"""What the input models of resources share: their base, and types that more than one resource has.

Every model refuses unknown fields by name. Money and other exact numbers travel as decimal strings; dates are
`YYYY-MM-DD`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    JsonValue,
    StringConstraints,
    Tag,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from contracts.primitives.money import CURRENCY_JSON, is_currency
from contracts.primitives.problem import HIDDEN
from contracts.resources.json_rules import at_least_one_of, names_by_pattern, only, where_given
from contracts.values import Form, make_strict, read_email

NOT_BLANK: Final[dict[str, JsonValue]] = {"pattern": r"\S"}  # white space around it is stripped

ShortText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Field(json_schema_extra=NOT_BLANK)
]
LongText = Annotated[str, StringConstraints(max_length=10_000)]
Reference = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Field(json_schema_extra=NOT_BLANK)
]
_WORD: Final = r"[^@\s\x1c-\x1f\x85]+"  # white space is what Python calls so
EMAIL_FORM: Final = rf"^{_WORD}@{_WORD}\.{_WORD}$"
# Deliberately loose: only the mail server knows whether an address exists, and reserved names must work in trials.
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(read_email),
    WithJsonSchema({"type": "string", "maxLength": 254, "pattern": EMAIL_FORM}),
]
CountryCode = Annotated[str, Form(r"[A-Z]{2}", "must be the two letters of a country by ISO 3166, such as LV")]
Locale = Annotated[
    str, Form(r"[a-z]{2,3}([_-][A-Z]{2})?", "must be a language, with a country or without, such as en or fr-CA")
]

Operation = Literal["sell_goods", "sell_services", "other_income"]
PaymentMethod = Literal["not_defined", "bank", "cash", "card", "prepayment", "offsetting", "factoring"]
PAYMENT_METHODS: tuple[PaymentMethod, ...] = (
    "not_defined", "bank", "cash", "card", "prepayment", "offsetting", "factoring",
)  # fmt: skip

PaymentMethodIn = Annotated[
    Literal[0, 1, 2, 3, 4, 5, 6, "not_defined", "bank", "cash", "card", "prepayment", "offsetting", "factoring"],
    # Generators of clients refuse an enumeration of mixed types.
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "enum": list(range(len(PAYMENT_METHODS)))},
                {"type": "string", "enum": list(PAYMENT_METHODS)},
            ]
        }
    ),
]
"""A payment method by its name or by PayTraq's number, which is its place in `PAYMENT_METHODS`."""


class Model(BaseModel):
    """What all inputs share: unknown fields are refused by name, types are strict, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        make_strict(handler.resolve_ref_schema(schema), cls)
        return schema

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        fields = handler.resolve_ref_schema(described).get("properties", {})
        for decorator in cls.__pydantic_decorators__.field_validators.values():
            if (describe := _DESCRIBED.get(decorator.func)) is not None:
                for name in decorator.info.fields:
                    fields[name] = describe(fields[name])
        return described


def known_currency(code: str | None) -> str | None:
    """Check a currency's code; None stays None.

    Raises:
        ValueError: ISO 4217 has no such code.
    """
    if code is not None and not is_currency(code):
        raise ValueError("is not an ISO 4217 currency code, e.g. EUR")
    return code


class WithCurrency(Model):
    """Something with a currency; absent means the account's or the client's."""

    currency: str | None = None

    _check = field_validator("currency")(known_currency)


class PayTerm(Model):
    """When to pay: 0 other date, 1 due days, 2 end of month plus days, 3 cash on delivery, 4 open (PayTraq's)."""

    model_config = ConfigDict(json_schema_extra=where_given("days", only(type=[1, 2])))

    type: Literal[0, 1, 2, 3, 4]
    days: int | None = Field(default=None, ge=0, le=3650)

    @model_validator(mode="after")
    def _days_only_with_1_and_2(self) -> Self:
        if self.days is not None and self.type not in {1, 2}:
            raise ValueError("days can be used only with type 1 (due days) and 2 (end of month plus days)")
        return self


class Address(Model):
    """A postal address; codes keep their leading zeros."""

    street: ShortText | None = None
    city: ShortText | None = None
    postal_code: Reference | None = None
    region: ShortText | None = None
    country: CountryCode | None = None


class Contact(Model):
    """A person to contact at a company: a name, and how to reach them where that is known."""

    name: ShortText
    role: ShortText | None = None
    email: Email | None = None
    phone: Reference | None = None


CONTACTS_MAX = 50


def type_tag(given: Any) -> str | None:
    """The tag of a text, a whole number, or true and false: a fault is then that of its type alone."""
    return f"{HIDDEN}{type(given).__name__}" if isinstance(given, str | int) else None


OneText = Annotated[str, Tag(f"{HIDDEN}str")]
OneNumber = Annotated[int, Tag(f"{HIDDEN}int")]
OneSwitch = Annotated[bool, Tag(f"{HIDDEN}bool")]

FilterValue = Annotated[
    OneText | OneNumber | OneSwitch,
    Discriminator(type_tag, "no_filter_value", "must be a text, a whole number, true or false"),
]
FilterValues = Annotated[list[FilterValue], Field(min_length=1, max_length=100)]
Bound = Annotated[
    Annotated[OneText, StringConstraints(min_length=1, max_length=100)] | OneNumber,
    Discriminator(type_tag, "no_bound", "must be a text or a whole number"),
]


class FilterRange(Model):
    """Values from `gte` to `lte`, both included; two numbers are compared as numbers, dates and times as text."""

    model_config = ConfigDict(json_schema_extra=at_least_one_of("gte", "lte"))

    gte: Bound | None = None
    lte: Bound | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if self.gte is None and self.lte is None:
            raise ValueError("needs gte, lte or both")
        return self


def _form_of_filter(given: Any) -> str:
    return f"{HIDDEN}range" if isinstance(given, dict | FilterRange) else f"{HIDDEN}values"


Filter = Annotated[
    Annotated[FilterValues, Tag(f"{HIDDEN}values")] | Annotated[FilterRange, Tag(f"{HIDDEN}range")],
    Discriminator(_form_of_filter),
]
Filters = Annotated[dict[Reference, Filter], Field(max_length=20, json_schema_extra=names_by_pattern)]


OnConflict = Literal["error", "update", "return"]
"""What happens when the object exists already: the request is refused, the object is changed, or returned unchanged."""
DEFAULT_ON_CONFLICT: Final[OnConflict] = "error"


def required_if_sent(value: Any) -> Any:
    """Refuse null for a field that every object has."""
    if value is None:
        raise ValueError("cannot be taken away: leave it out to keep it")
    return value


def _without_null(about: JsonSchemaValue) -> JsonSchemaValue:
    kinds = [kind for kind in about.get("anyOf", ()) if kind != {"type": "null"}]
    others = {name: value for name, value in about.items() if name not in {"anyOf", "default"}}
    return others | kinds[0] if len(kinds) == 1 else others | ({"anyOf": kinds} if kinds else {})


def _with_currency(about: JsonSchemaValue) -> JsonSchemaValue:
    code = {"type": "string", **CURRENCY_JSON}
    if "anyOf" not in about:
        return about | code
    return about | {"anyOf": [code if kind == {"type": "string"} else kind for kind in about["anyOf"]]}


_DESCRIBED: Final[dict[Any, Callable[[JsonSchemaValue], JsonSchemaValue]]] = {
    required_if_sent: _without_null,
    known_currency: _with_currency,
}
"""What the JSON schema of a field says of the validators it shares with others."""


class ByIdInput(Model):
    """A resource by its id."""

    id: UUID
