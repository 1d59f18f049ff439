"""Read what came with a request, within bounds, and check it against the route's models: all faults at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import ValidationError

from contracts.objects import Model
from contracts.problem import Fault, faults_of
from ingress.errors import BodyTooLarge, InvalidInput, Malformed, TooSlow, UnsupportedMediaType
from ingress.http.route import Route

READ_SECONDS_MAX: Final = 30.0
CREDENTIALS_IN_QUERY: Final = frozenset({"APIKey", "APIToken"})

_NUL_ESCAPED: Final = b"\\u0000"


class Nothing(Model):
    """A body that must hold nothing."""


async def read_bytes(request: web.Request, *, bytes_max: int) -> bytes:
    """Read the body, at most `bytes_max` bytes of it, also when its length is not announced.

    Raises:
        BodyTooLarge: there is more; TooSlow: it did not all arrive in time; Malformed: it broke off.
    """
    if (request.content_length or 0) > bytes_max:
        raise BodyTooLarge(f"at most {bytes_max} bytes are taken here")
    if not request.body_exists:
        return b""
    chunks, size = [], 0
    try:
        async with asyncio.timeout(READ_SECONDS_MAX):
            while chunk := await request.content.readany():
                size += len(chunk)
                if size > bytes_max:
                    raise BodyTooLarge(f"at most {bytes_max} bytes are taken here")
                chunks.append(chunk)
    except TimeoutError:
        raise TooSlow(f"the body did not arrive within {READ_SECONDS_MAX:g} s") from None
    except (HttpProcessingError, web.RequestPayloadError) as error:
        raise Malformed(f"the body cannot be read: {error}") from None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def read_model(route: Route, raw: bytes, content_type: str) -> Model | None:
    """Turn a JSON body into the route's model.

    Raises:
        UnsupportedMediaType: it is not JSON; Malformed: it breaks off or is not JSON inside; InvalidInput: all that is
        wrong with it.
    """
    if route.body is None:
        if raw and route.method != "DELETE":  # who unsubscribes may send what they subscribed with
            _validate(Nothing, parse_json(raw, content_type))
        return None
    return _validate(route.body, parse_json(raw, content_type) if raw else {})


def read_query(route: Route, query: Mapping[str, Any]) -> Model | None:
    """Turn the query's parameters (a multidict) into the route's model.

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
            faults.append(Fault(name, "is given more than once"))
        if any("\0" in value for value in values):
            faults.append(Fault(name, "must not hold a NUL character"))
        given[name] = values if name in several else values[0]
    if faults:
        raise InvalidInput(faults=faults)
    if not given and route.query is None:
        return None
    return _validate(route.query or Nothing, given, noun="a query parameter of this path")


def _validate(kind: type[Model], given: Any, noun: str | None = None) -> Model:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        faults = faults_of(error)
        if noun is not None:
            faults = [Fault(fault.path, fault.message.replace("a field of this object", noun)) for fault in faults]
        raise InvalidInput(faults=faults) from None


def parse_json(raw: bytes, content_type: str) -> Any:
    """Read a body of JSON.

    Raises:
        UnsupportedMediaType: it is not said to be JSON; Malformed: it is none; InvalidInput: it holds U+0000.
    """
    if not is_json(content_type):
        said = f"{content_type[:100]!r} is" if content_type else "no content type is given; it is"
        raise UnsupportedMediaType(f"{said} not read here: send application/json in UTF-8")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            faults=[Fault("", f"{error.msg} at line {error.lineno}, column {error.colno}")],
        ) from None
    if _NUL_ESCAPED in raw:
        faults = [Fault(path, "must not hold a NUL character") for path in _paths_with_nul(value, "")]
        if faults:
            raise InvalidInput(faults=faults)
    return value


def is_json(content_type: str) -> bool:
    """Whether a content type is JSON in UTF-8: `application/json` or `application/<something>+json`."""
    media_type, _, parameters = content_type.partition(";")
    kind = media_type.strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        return False
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    return "charset=" not in parameters.lower() or charset in {"utf-8", "utf8", "us-ascii"}


def _paths_with_nul(value: Any, path: str) -> Iterator[str]:
    """Where strings hold U+0000, which Postgres cannot keep; depth is bounded by the JSON parser."""
    if isinstance(value, str):
        if "\0" in value:
            yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            shown = name.replace("\0", "\ufffd")
            inner_path = f"{path}.{shown}" if path else shown
            if "\0" in name:
                yield inner_path
            yield from _paths_with_nul(inner, inner_path)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _paths_with_nul(inner, f"{path}[{position}]")


def _lists_of(kind: type[Model]) -> frozenset[str]:
    return frozenset(name for name, about in kind.model_fields.items() if _is_list(about.annotation))


def _is_list(annotation: Any) -> bool:
    if get_origin(annotation) in {Union, UnionType}:
        return any(_is_list(part) for part in get_args(annotation))
    return get_origin(annotation) is list
