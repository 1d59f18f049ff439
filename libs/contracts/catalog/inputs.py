"""Input models of actions that no resource has: a step's input after its templates are rendered.

Field descriptions are what the console and the connectors show beside a field.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from contracts.catalog.pushed_document import PUSHED_DOCUMENT
from contracts.resources.json_rules import all_of, exactly_one_of, given, where_given
from contracts.resources.schemas import EMAIL_FORM, Email, LongText, Model, Reference, ShortText

ATTACHMENTS_MAX = 10  # of a mail of at most 20 MiB


URL_CHARS_MIN: Final = 8  # http://a
URL_CHARS_MAX: Final = 2048  # what browsers and proxies carry
Url = Annotated[str, StringConstraints(min_length=URL_CHARS_MIN, max_length=URL_CHARS_MAX)]
# RFC 9110: a token; and text in which no control character ends the line.
HeaderName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x08\x0a-\x1f\x7f]{0,4096}$")]
Json = str | int | float | bool | list[Any] | dict[str, Any] | None
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


def _url_or_file(given: Any) -> Any:
    """Report once what is wrong with a file, whichever of its forms was meant."""
    if isinstance(given, str) and not URL_CHARS_MIN <= len(given) <= URL_CHARS_MAX:
        raise ValueError(f"must be a URL of {URL_CHARS_MIN} to {URL_CHARS_MAX} characters, or an object")
    if not isinstance(given, str | dict | BaseModel | None):
        raise PydanticCustomError("no_file", "must be a URL, or an object: a file, or that of an earlier step")
    return given


def _cell(given: Any) -> Any:
    if not isinstance(given, str | int | float | None):
        raise PydanticCustomError("no_cell", "must be a text, a number, true or false")
    return given


URL_OR_FILE: Final = BeforeValidator(_url_or_file)
Cell = Annotated[str | int | float | bool | None, BeforeValidator(_cell)]


class ByIdInput(Model):
    """A thing by its id."""

    id: UUID


class FindClient(Model):
    """The client to find, by any of these; the first match counts."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    email: Email | None = None
    external_id: Reference | None = None
    reg_number: Reference | None = None
    query: ShortText | None = Field(default=None, description="part of a name")

    @model_validator(mode="after")
    def _asks_something(self) -> FindClient:
        if not self.model_fields_set:
            raise ValueError("needs email, external_id, reg_number or query")
        return self


class FindProduct(Model):
    """The product to find, by any of these."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    code: Reference | None = None
    external_id: Reference | None = None
    query: ShortText | None = Field(default=None, description="part of a name")

    @model_validator(mode="after")
    def _asks_something(self) -> FindProduct:
        if not self.model_fields_set:
            raise ValueError("needs code, external_id or query")
        return self


class FindSale(Model):
    """The sales document to find, by any of these; the first match counts."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    number: Reference | None = None
    external_id: Reference | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> FindSale:
        if not self.model_fields_set:
            raise ValueError("needs number or external_id")
        return self


class InlineFile(Model):
    """A file inside JSON."""

    name: ShortText | None = None
    content: str = Field(description="base64")


class PushInboxMessage(Model):
    """A document for an inbox, with its file where there is one."""

    document: Annotated[dict[str, Any], WithJsonSchema(PUSHED_DOCUMENT)]
    links: dict[str, Url] | None = None
    comment: LongText | None = None
    file: Annotated[Url | InlineFile | dict[str, Any] | None, URL_OR_FILE] = Field(
        default=None,
        description="its bytes, or a URL that it is fetched from; in a step also the file of an earlier step",
    )


class SendDocument(Model):
    """The document to send to its client, and how."""

    id: UUID
    to: Email | None = Field(default=None, description="instead of the client's own address")
    subject: ShortText | None = None
    body: LongText | None = None


class VoidDocument(Model):
    """The document to void, and why."""

    id: UUID
    reason: ShortText | None = None


DocumentFormat = Literal["pdf", "facturx", "ubl", "cii", "paytraq"]


class FileSource(Model):
    """A file: fetched from a URL, kept by an earlier step, made of a sales document, or given here."""

    model_config = ConfigDict(
        json_schema_extra=all_of(
            exactly_one_of("file", "sale_id", "content", "content_base64"), where_given("format", given("sale_id"))
        )
    )

    file: Annotated[Url | dict[str, Any] | None, URL_OR_FILE] = Field(
        default=None, description="a URL it is fetched from, or the file that an earlier step's output has"
    )
    sale_id: UUID | None = Field(default=None, description="or the sales document it is made of")
    format: DocumentFormat = Field(default="pdf", description="of a sales document")
    content: LongText | None = Field(default=None, description="or the text that is in it")
    content_base64: Annotated[str, StringConstraints(max_length=1_400_000)] | None = Field(
        default=None, description="or its bytes in base64"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = (self.file, self.sale_id, self.content, self.content_base64)
        if sum(one is not None for one in given) != 1:
            raise ValueError("needs exactly one of file, sale_id, content and content_base64")
        if "format" in self.model_fields_set and self.sale_id is None:
            raise ValueError("format belongs to sale_id: leave it out")
        return self


class AttachedFile(FileSource):
    """A file of a mail; without a name it keeps its own."""

    name: ShortText | None = None


def _one_or_several(given: object) -> object:
    return [one.strip() for one in given.split(",")] if isinstance(given, str) else given


_LISTED: Final = EMAIL_FORM[1:-1].replace("[^@", "[^@,")
_ListedText = Annotated[str, Field(json_schema_extra={"pattern": rf"^\s*{_LISTED}\s*(,\s*{_LISTED}\s*){{0,49}}$"})]
Recipients = Annotated[list[Email], BeforeValidator(_one_or_several, json_schema_input_type=_ListedText | list[Email])]
"""Addresses as a list, or as a text with commas between them, as a template makes it."""
