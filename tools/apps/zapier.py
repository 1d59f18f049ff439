"""The files of the Zapier app: a module for each trigger, create and search, and their indexes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from contracts.catalog import Action, Filter, Trigger, fields_of
from tools.apps.fields import FormField, Kind, Source, fields_of_action, source_of
from tools.apps.literal import Code, literal
from tools.apps.selection import action_is_in_apps, created_by, finds
from tools.apps.wording import identifier, label_of, sentence, title, triggers_when

_TYPES: Final[dict[Kind, str]] = {
    "string": "string", "text": "text", "integer": "integer", "number": "number", "boolean": "boolean",
    "date": "datetime", "datetime": "datetime", "json": "json", "file": "file",
}  # fmt: skip
_OUTPUT_TYPES: Final = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}
_LISTS: Final[dict[Source, tuple[str, str]]] = {
    "clients": ("Client", "(client) => client.name"),
    "products": ("Product", "(product) => `${product.code} ${product.name}`"),
    "collectors": ("Collector", "(collector) => collector.name"),
}
_SAMPLE_FILE: Final = "SAMPLE FILE"
_FILE_HELP: Final = "A file of an earlier step, or the address of one; Ledgerwire fetches it."


def files(triggers: Iterable[Trigger], actions: Iterable[Action]) -> dict[str, str]:
    """Every generated file by its path in the app."""
    offered = [action for action in actions if action_is_in_apps(action)]
    made: dict[str, str] = {}
    trigger_keys, create_keys, search_keys, both = [], [], [], {}
    for trigger in triggers:
        trigger_keys.append(identifier(trigger.key))
        made[f"triggers/{trigger_keys[-1]}.js"] = _trigger(trigger)
    for source, (noun, labelled) in _LISTS.items():
        trigger_keys.append(source)
        made[f"triggers/{source}.js"] = _list(source, noun, labelled)
    for action in offered:
        if (found := finds(action)) is not None:
            search_keys.append(action.key)
            made[f"searches/{action.key}.js"] = _search(action, found)
            if (create := created_by(action, offered)) is not None:
                both[action.key] = _search_or_create(action, create)
        elif not action.key.startswith("find_or_create_"):  # Zapier makes it of the search and the create
            create_keys.append(action.key)
            made[f"creates/{action.key}.js"] = _create(action)
    made["triggers/index.js"] = _index(trigger_keys)
    made["creates/index.js"] = _index(create_keys)
    made["searches/index.js"] = _index(search_keys)
    made["search_or_creates.js"] = _module(both)
    return made


def _trigger(trigger: Trigger) -> str:
    event = trigger.sample_event()
    operation = {
        "type": trigger.key,
        "inputFields": [_filter(one) for one in trigger.filters],
        "sample": event | {"data": _with_files(event["data"])},
        "outputFields": _outputs(event | {"data": _with_files(event["data"])}),
    }
    module = _operation(
        identifier(trigger.key),
        label_of((trigger.key.partition(".")[0],)),
        title(trigger.title.en),
        triggers_when(trigger.description.en),
        _made("hookTrigger", operation),
    )
    return _module(module, hookTrigger="../lib/triggers")


def _filter(given: Filter) -> dict[str, Any]:
    field: dict[str, Any] = {
        "key": f"filter__{given.field.replace('.', '__')}",
        "label": title(given.title.en),
        "type": "string",
        "list": True,
        "helpText": "Only events with one of these; every one if empty.",
    }
    if given.values:
        field["choices"] = {value: _choice(value) for value in given.values}
    elif source := source_of(given.field):
        field["dynamic"] = f"{source}.id.name"
    return field


def _list(source: Source, noun: str, labelled: str) -> str:
    operation = {
        "path": f"/v1/{source}",
        "labelled": Code(labelled),
        "sample": {"id": "0198f7c4-0a00-7a10-8a51-0c2d3e4f5a6b", "name": f"A {noun.lower()}"},
    }
    module = _operation(source, noun, f"List {noun}s", f"Lists the {source} to choose from.", None)
    module["display"]["hidden"] = True
    module["operation"] = _made("listTrigger", operation)
    return _module(module, listTrigger="../lib/lists")


def _create(action: Action) -> str:
    operation = {
        "action": action.key,
        "inputFields": _inputs(action),
        "sample": _with_files(action.output),
        "outputFields": _outputs(_with_files(action.output)),
    }
    return _module(_of_action(action, _made("actionCreate", operation)), actionCreate="../lib/actions")


def _search(action: Action, name: str) -> str:
    sample = _with_files(action.output[name])
    operation = {
        "action": action.key, "finds": name, "inputFields": _inputs(action), "sample": sample,
        "outputFields": _outputs(sample),
    }  # fmt: skip
    return _module(_of_action(action, _made("actionSearch", operation)), actionSearch="../lib/actions")


def _search_or_create(search: Action, create: Action) -> dict[str, Any]:
    noun = title(create.title.en).partition(" ")[2]
    what = noun.lower()
    display = {"label": f"Find or Create {noun}", "description": f"Finds a {what}, or creates one if none is found."}
    return {"key": search.key, "display": display, "search": search.key, "create": create.key}


def _of_action(action: Action, operation: Code) -> dict[str, Any]:
    noun = title(action.title.en).partition(" ")[2]
    return _operation(action.key, noun, title(action.title.en), sentence(action.description.en) or "", operation)


def _operation(key: str, noun: str, label: str, description: str, operation: Code | None) -> dict[str, Any]:
    return {
        "key": key,
        "noun": noun,
        "display": {"label": label, "description": description},
        "operation": operation,
    }


def _made(maker: str, operation: Mapping[str, Any]) -> Code:
    return Code(f"{maker}({literal(operation, depth=1)})")


def _inputs(action: Action) -> list[dict[str, Any]]:
    fields = sorted(fields_of_action(action), key=lambda field: not field.required)
    return [_input(field, "") for field in fields]


def _input(field: FormField, prefix: str) -> dict[str, Any]:
    made: dict[str, Any] = {"key": prefix + field.name, "label": field.label}
    if field.kind == "list":
        return made | {"children": [_input(child, f"{made['key']}__") for child in field.children]}
    if field.kind == "dict":
        made["dict"] = True
    else:
        made["type"] = _TYPES[field.kind]
    if field.required:
        made["required"] = True
    if text := _FILE_HELP if field.kind == "file" else field.help:
        made["helpText"] = text
    if field.choices:
        made["choices"] = {str(choice): _choice(str(choice)) for choice in field.choices}
    if field.kind == "date":
        made["meta"] = {"date": True}
    if field.many:
        made["list"] = True
    return made | _linked(field)


def _linked(field: FormField) -> dict[str, str]:
    """Where the value is chosen or searched."""
    links = {"dynamic": f"{field.source}.id.name"} if field.source else {}
    search = {"clients": "find_client.id", "products": "find_product.id"}.get(field.source or "")
    if field.searched:
        search = "find_sale.id"
    return links | ({"search": search} if search else {})


def _outputs(sample: Mapping[str, Any]) -> list[dict[str, str]]:
    """The labelled fields of a result; those that are null in the sample are left out."""
    made = []
    for field in fields_of(dict(sample)):
        if field.type in _OUTPUT_TYPES:
            path = field.path.replace("[].", "[]").replace(".", "__")
            label = label_of([part.removesuffix("[]") for part in field.path.split(".") if part != "data"])
            made.append({"key": path, "label": label, "type": _OUTPUT_TYPES[field.type]})
    return made


def _with_files(sample: Mapping[str, Any]) -> dict[str, Any]:
    """A sample with the files that the app adds to it (lib/files.js)."""
    made = dict(sample)
    if made.get("pdf_url"):
        made["pdf"] = _SAMPLE_FILE
    if isinstance(made.get("file"), dict) and made["file"].get("url"):
        made["file"] = made["file"] | {"content": _SAMPLE_FILE}
    return made


def _choice(value: str) -> str:
    return value.replace("_", " ").capitalize()


def _index(keys: list[str]) -> str:
    return _module({key: Code(f"require('./{key}')") for key in keys})


def _module(exported: Mapping[str, Any], **needed: str) -> str:
    lines = [f"const {{ {name} }} = require('{path}');\n\n" for name, path in needed.items()]
    return "'use strict';\n\n" + "".join(lines) + f"module.exports = {literal(exported)};\n"
