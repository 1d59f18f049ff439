"""Make tools of routes: a read for each of `READING`, and one for each action of the catalog. Pure; no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from contracts.catalog import Action, offered_actions
from ingress.http.idempotency import KEY_CHARS_MAX
from ingress.http.route import Route
from ingress.mcp.reading import READING
from ingress.scopes import Scope

ROWS_DEFAULT: Final = 20
"""Rows of a list that names no limit: the API's own 50 fill an assistant's memory."""
ACTIONS_PATH: Final = "/v1/actions/"

_KEY_FORM: Final = re.compile(f"[ -~]{{1,{KEY_CHARS_MAX}}}")
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")
_CONFIRM: Final = {
    "type": "boolean",
    "default": False,
    "description": "false: nothing changes, the answer shows what would; true: do it, after the person agreed",
}
_KEY: Final = {
    "type": "string",
    "maxLength": KEY_CHARS_MAX,
    "description": "a text of your choice: a repeated call with the same one has one effect and the same answer",
}


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request to the public API; `body` is None for a read."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: dict[str, Any] | None = None
    idempotency_key: str | None = None
    is_dry_run: bool = False


class ArgumentRefused(ValueError):
    """An argument that is not the API's to check is missing or wrong; `str` names it and the remedy."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool: its names, what it takes as JSON Schema, what it does to the account, and the route that does it.

    `asks_first`: without `confirm: true` it only shows what would change. `is_additive`: it adds and overwrites
    nothing. `reaches_out`: it may contact others than this server.
    """

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    route: Route
    scope: Scope
    is_read_only: bool = True
    asks_first: bool = False
    is_additive: bool = False
    reaches_out: bool = False

    def request(self, arguments: Mapping[str, Any], *, idempotency_key: str | None = None) -> ApiRequest:
        """The API's request for these arguments, which the API itself checks; a key among them counts first.

        Raises:
            ArgumentRefused.
        """
        given = dict(arguments)
        if self.route.method == "GET":
            return ApiRequest("GET", _filled(self.route.path, given), tuple(self._query(given)))
        if not self.asks_first:
            return ApiRequest("POST", self.route.path, body=given)
        confirmed = given.pop("confirm", False)
        if not isinstance(confirmed, bool):
            raise ArgumentRefused("confirm: must be true or false; without it nothing changes")
        key = given.pop("idempotency_key", None) or idempotency_key
        if key is not None and not _KEY_FORM.fullmatch(str(key)):
            raise ArgumentRefused(f"idempotency_key: must be 1 to {KEY_CHARS_MAX} printable ASCII characters")
        if not confirmed:  # which never stores an answer
            return ApiRequest("POST", self.route.path, (("dry_run", "true"),), given, is_dry_run=True)
        return ApiRequest("POST", self.route.path, body=given, idempotency_key=None if key is None else str(key))

    def _query(self, given: Mapping[str, Any]) -> list[tuple[str, str]]:
        has_limit = self.route.query is not None and "limit" in self.route.query.model_fields
        rows = {"limit": ROWS_DEFAULT} if has_limit else {}
        several = {name: value if isinstance(value, list) else [value] for name, value in {**rows, **given}.items()}
        return [(name, _text(one)) for name, values in several.items() for one in values if one is not None]


def make_tools(routes: Sequence[Route]) -> dict[str, ToolSpec]:
    """Every tool by its name: reads first, then the catalog's actions in its order."""
    by_id = {route.operation_id: route for route in routes}
    by_path = {route.path: route for route in routes if route.method == "POST"}
    reads = [_reading(by_id[key], description) for key, description in READING.items()]
    actions = [_acting(action, by_path[ACTIONS_PATH + action.key]) for action in offered_actions()]
    return {tool.name: tool for tool in (*reads, *actions)}


def _reading(route: Route, description: str) -> ToolSpec:
    nothing: dict[str, Any] = {"type": "object", "properties": {}}
    schema = _compact(route.query.model_json_schema()) if route.query else nothing
    names = _PARAMETER.findall(route.path)
    schema["properties"] = {**{name: {"type": "string"} for name in names}, **schema["properties"]}
    schema["required"] = [*names, *schema.get("required", ())]
    name = _CAPITAL.sub("_", route.operation_id).lower()
    return ToolSpec(name, route.summary, description, schema, route, "read")


def _acting(action: Action, route: Route) -> ToolSpec:
    schema = _compact((route.body or action.input).model_json_schema())
    asks_first = not action.is_search and not action.only_decides
    if asks_first:
        schema["properties"] = schema["properties"] | {"confirm": _CONFIRM, "idempotency_key": _KEY}
    return ToolSpec(
        action.key,
        action.title.en,
        action.description.en + (" Shows what would change unless `confirm` is true." if asks_first else ""),
        schema,
        route,
        route.scope or "write",
        is_read_only=not asks_first,
        asks_first=asks_first,
        is_additive=route.status == 201,  # noqa: PLR2004  created
        reaches_out=asks_first and (action.group != "ours" or action.key.startswith("send_")),
    )


def _filled(path: str, given: dict[str, Any]) -> str:
    """The path with its parameters, which are taken out of `given`."""

    def value_of(match: re.Match[str]) -> str:
        value = given.pop(match[1], None)
        if value is None or value == "":
            raise ArgumentRefused(f"{match[1]}: is missing; the list tools show it")
        return quote(str(value), safe="")

    return _PARAMETER.sub(value_of, path)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compact(schema: Any) -> Any:
    """A JSON Schema without the titles that repeat the fields' names: they would double what an assistant reads."""
    if isinstance(schema, list):
        return [_compact(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {field: _compact(one) for field, one in value.items()}
        if name in {"properties", "$defs"}
        else _compact(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }
