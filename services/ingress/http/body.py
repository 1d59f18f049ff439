"""Read a request's body and query, within bounds, and validate them against the route's models: all errors at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from types import UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import ValidationError

from contracts.primitives.problem import ERRORS_MAX, FieldError, field_errors, path_of, texts_in
from contracts.resources.schemas import Model
from contracts.strict_json import JsonRefused, NotJson, Numbers, read_json
from contracts.values import from_text
from ingress.errors import InvalidInput, Malformed, UnsupportedMediaType
from ingress.http.incoming import chunks
from ingress.http.route import BODY_BYTES_MAX, Request, Route

T = TypeVar("T")

READ_SECONDS_MAX: Final = 30.0
LARGE_READ_SECONDS_MAX: Final = 120.0  # as for files: 20 MiB take 84 s over a line of 2 Mbit/s
READ_ASIDE_BYTES: Final = 48 * 1024
"""Larger bodies are read in a thread: 1 MiB can take 0.4 s, and a usual invoice has 3 KiB."""
READERS_MAX: Final = 2  # more threads only compete for the interpreter
LARGE_BYTES: Final = 2 * 1024 * 1024
"""Larger documents carry files; a document of 18 MiB takes 60 MiB while it is read."""

_READERS: Final = ThreadPoolExecutor(READERS_MAX, thread_name_prefix="body")
_LARGE_READER: Final = ThreadPoolExecutor(1, thread_name_prefix="large-body")
CREDENTIALS_IN_QUERY: Final = frozenset({"APIKey", "APIToken"})

_NUL_ESCAPED: Final = b"\\u0000"


class Nothing(Model):
    """A body that must be empty."""


async def read_bytes(call: Request, *, bytes_max: int | None = None) -> bytes:
    """Read the body into memory, at most `bytes_max`, by default the route's bound; it counts for the request's sender.

    Raises:
        BodyTooLarge, TooSlow, Malformed, UnsupportedMediaType: as `incoming.chunks`; TooManyRequests, Unavailable: too
        many bodies are in memory already.
    """
    call.held.owners = tuple(owner for owner in (call.account, call.channel) if owner is not None)
    most = call.route.body_bytes_max if bytes_max is None else bytes_max
    seconds = READ_SECONDS_MAX if most <= BODY_BYTES_MAX else LARGE_READ_SECONDS_MAX
    body = bytearray()  # one buffer: a list of pieces takes up to 40 bytes for each single byte
    async for chunk in chunks(call.request, bytes_max=most, seconds_max=seconds):
        call.held.add(len(chunk))
        body += chunk
    return bytes(body)


def read_model(route: Route, raw: bytes, content_type: str) -> Model | None:
    """Turn a JSON body into the route's model.

    Raises:
        UnsupportedMediaType: it is not JSON; Malformed: it is truncated or not JSON; InvalidInput: all its errors.
    """
    if route.body is None:
        if raw and route.method != "DELETE":  # DELETE may repeat the body of the subscription
            _validate(Nothing, parse_json(raw, content_type))
        return None
    return _validate(route.body, parse_json(raw, content_type) if raw else {})


def read_query(route: Route, query: Mapping[str, Any]) -> Model | None:
    """Validate the query's parameters (a multidict) against the route's model.

    Raises:
        InvalidInput: unknown, doubled or wrong parameters, all of them.
    """
    given, faults = {}, []
    several = _lists_of(route.query) if route.query else frozenset()
    for name in dict.fromkeys(query):
        if name in CREDENTIALS_IN_QUERY:
            continue
        values = query.getall(name)  # type: ignore[attr-defined]  # a MultiDictProxy
        if len(values) > 1 and name not in several:
            faults.append(FieldError(name, "is given more than once"))
        if any("\0" in value for value in values):
            faults.append(FieldError(name, "must not hold a NUL character"))
        given[name] = values if name in several else values[0]
    if faults:
        raise InvalidInput(faults=faults)
    if not given and route.query is None:
        return None
    kind = route.query or Nothing
    return _validate(kind, from_text(kind.model_fields, given), noun="a query parameter of this path")


def _validate(kind: type[Model], given: Any, noun: str | None = None) -> Model:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        faults = field_errors(error)
        if noun is not None:
            faults = [FieldError(fault.path, fault.message.replace("a field of this object", noun)) for fault in faults]
        raise InvalidInput(faults=faults) from None


def parse_json(raw: bytes, content_type: str, *, numbers: Numbers = "native") -> Any:
    """Read a body of JSON, its numbers as `contracts.strict_json` says.

    Raises:
        UnsupportedMediaType: its content type is not JSON; Malformed: it is not JSON, or nests too deep;
        InvalidInput: it holds U+0000, or exceeds a bound of size or numbers.
    """
    if not is_json(content_type):
        given = f"{content_type[:100]!r} is" if content_type else "no content type is given; it is"
        raise UnsupportedMediaType(f"{given} not read here: send application/json in UTF-8")
    try:
        value = read_json(raw, numbers=numbers)
    except JsonRefused as refused:
        raise not_read(refused) from None
    if _NUL_ESCAPED in raw:
        with_nul = (place for text, place in texts_in(value) if "\0" in text)
        faults = [FieldError(path_of(place), "must not hold a NUL character") for place in islice(with_nul, ERRORS_MAX)]
        if faults:
            raise InvalidInput(faults=faults)
    return value


async def aside(raw: bytes, read: Callable[[], T]) -> T:
    """Return `read()`, which reads `raw`, run in a thread if it would block other requests.

    Documents over `LARGE_BYTES` are read one after the other, in order of arrival: each takes several times its size.
    """
    if len(raw) <= READ_ASIDE_BYTES:
        return read()
    readers = _READERS if len(raw) <= LARGE_BYTES else _LARGE_READER
    return await asyncio.get_running_loop().run_in_executor(readers, read)


def not_read(refused: JsonRefused, path: str = "") -> Malformed | InvalidInput:
    """The error for JSON that is refused; `path` is the field of a form that holds it, "" for the body itself."""
    kind = Malformed if isinstance(refused, NotJson) else InvalidInput
    return kind(f"{path or 'the body'} {refused}", faults=[FieldError(path, str(refused))])


def is_json(content_type: str) -> bool:
    """Whether a content type is JSON in UTF-8: `application/json` or `application/<something>+json`."""
    media_type, _, parameters = content_type.partition(";")
    kind = media_type.strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        return False
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    return "charset=" not in parameters.lower() or charset in {"utf-8", "utf8", "us-ascii"}


def _lists_of(kind: type[Model]) -> frozenset[str]:
    return frozenset(name for name, about in kind.model_fields.items() if _is_list(about.annotation))


def _is_list(annotation: Any) -> bool:
    if get_origin(annotation) in {Union, UnionType}:
        return any(_is_list(part) for part in get_args(annotation))
    return get_origin(annotation) is list
