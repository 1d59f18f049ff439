"""Between the JSON Schema of an action's input and the forms of apps: one flat list of fields."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from contracts.catalog import Action
from tools.apps.wording import label_of, sentence

Kind = Literal["string", "text", "integer", "number", "boolean", "date", "datetime", "json", "dict", "file", "list"]
Source = Literal["clients", "products", "collectors"]
"""A list of the account's own things to choose from."""

LONG_TEXT: Final = 2_048  # characters; a field that takes more is an area of several lines
_SOURCES: Final[dict[str, Source]] = {"client": "clients", "product": "products", "collector": "collectors"}
_SIMPLE: Final[dict[str, Kind]] = {"integer": "integer", "number": "number", "boolean": "boolean"}
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FormField:
    """One field: where its value stands in the input, and how it is asked for.

    `kind` is `list` for a list of objects, whose fields are `children` with paths inside of one object.
    """

    path: tuple[str, ...]
    label: str
    kind: Kind
    required: bool = False
    help: str | None = None
    choices: tuple[str | int, ...] = ()
    many: bool = False
    source: Source | None = None
    searched: bool = False  # the id of a sales document
    children: tuple[FormField, ...] = ()

    @property
    def name(self) -> str:
        """Its flat name: `address__city`."""
        return "__".join(self.path)


def fields_of_action(action: Action) -> tuple[FormField, ...]:
    """The fields of an action's form, in the model's order."""
    schema = action.input.model_json_schema()
    found = _Reader(schema.get("$defs", {})).of_object(schema, (), required=True)
    owner = action.key.rpartition("_")[2]
    return tuple(_named_by_owner(field, owner) if field.path == ("id",) else field for field in found)


def source_of(path: str) -> Source | None:
    """Which list the id at a dotted path is chosen from: that of `client_id`, `to_collector.id`."""
    owner, separator, last = path.replace(".", "_").rpartition("_")
    return _SOURCES.get(owner.rpartition("_")[2]) if separator and last == "id" else None


def _named_by_owner(field: FormField, owner: str) -> FormField:
    """The bare `id` of `update_client` is a client's."""
    label = label_of((owner, "id"))
    source = _SOURCES.get(owner)
    return replace(field, label=label, source=source, searched=owner == "document")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one model's schema; `definitions` are its `$defs`."""

    definitions: Schema

    def of_object(self, schema: Schema, path: tuple[str, ...], *, required: bool) -> tuple[FormField, ...]:
        needed = schema.get("required", ())
        found: list[FormField] = []
        for name, given in schema.get("properties", {}).items():
            found.extend(self._of(given, (*path, name), required=required and name in needed))
        return tuple(found)

    def _of(self, given: Schema, path: tuple[str, ...], *, required: bool) -> tuple[FormField, ...]:
        schema = self._chosen(given)
        if schema.get("type") == "object" and schema.get("properties"):
            return self.of_object(schema, path, required=required)
        return (self._one(given, schema, path, required=required),)

    def _one(self, given: Schema, schema: Schema, path: tuple[str, ...], *, required: bool) -> FormField:
        label, text = label_of(path), sentence(given.get("description"))
        if schema.get("type") != "array":
            kind = "file" if self._takes_file(given) else _kind(schema)
            source = source_of(".".join(path[-1:]))
            choices = tuple(schema.get("enum", ()))
            searched = path[-1] == "sale_id"
            return FormField(path, label, kind, required, text, choices, source=source, searched=searched)
        items = self._chosen(schema.get("items", {}))
        if items.get("type") == "object" and items.get("properties"):
            children = tuple(_as_json_if_list(field) for field in self.of_object(items, (), required=True))
            return FormField(path, label, "list", required, text, children=children)
        choices = tuple(items.get("enum", ()))
        searched = path[-1] in {"sale_ids", "invoice_ids"}
        return FormField(path, label, _kind(items), required, text, choices, many=True, searched=searched)

    def _chosen(self, given: Schema) -> Schema:
        """The variant that a form asks for: not null, rather names than numbers, rather text than an object."""
        if "$ref" in given:
            return self._chosen(self.definitions[given["$ref"].rpartition("/")[2]])
        variants = [self._chosen(one) for one in _variants(given) if one.get("type") != "null"]
        if len(variants) > 3:  # noqa: PLR2004  any JSON
            return {}
        texts = [one for one in variants if one.get("type") == "string"]
        return next(iter([*texts, *variants]), given)

    def _takes_file(self, given: Schema) -> bool:
        return any(one.get("$ref", "").endswith("InlineFile") for one in _variants(given))


def _variants(given: Schema) -> list[Schema]:
    """The forms that a value may have, without the groups that they are in."""
    return [inner for one in (*given.get("anyOf", ()), *given.get("oneOf", ())) for inner in _variants(one) or [one]]


def _kind(schema: Schema) -> Kind:
    if simple := _SIMPLE.get(schema.get("type", "")):
        return simple
    match schema.get("type"), schema.get("format"):
        case "string", "date":
            return "date"
        case "string", "date-time":
            return "datetime"
        case "string", _:
            return "text" if schema.get("maxLength", 0) > LONG_TEXT and "pattern" not in schema else "string"
        case "object", _ if isinstance(schema.get("additionalProperties"), dict):
            return "dict"
        case _:
            return "json"


def _as_json_if_list(field: FormField) -> FormField:
    """A list inside of a list's object is JSON: forms nest once."""
    if field.kind != "list" and not field.many:
        return field
    return replace(field, kind="json", many=False, children=())
